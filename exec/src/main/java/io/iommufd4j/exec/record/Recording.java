// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.record;

import java.util.List;

/**
 * A recording as it was read.
 *
 * @param header its first line
 * @param events the others, of which the first is line 2
 */
public record Recording(RecordingHeader header, List<RecordedEvent> events) {

  /** The line of the first event. */
  public static final int FIRST_LINE = 2;

  /** Copies the list. */
  public Recording {
    events = List.copyOf(events);
  }
}
