// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.junit;

import io.iommufd4j.kernel.TraceEvent;
import io.iommufd4j.kernel.TraceSink;
import java.util.ArrayDeque;
import java.util.stream.Collectors;

/** The last requests that a test made. */
final class Requests implements TraceSink {

  private static final int MOST = 500;

  private final ArrayDeque<TraceEvent> events = new ArrayDeque<>();
  private long dropped;

  @Override
  public synchronized void accept(TraceEvent event) {
    if (events.size() == MOST) {
      events.removeFirst();
      dropped++;
    }
    events.addLast(event);
  }

  /** One line a call, indented; the first says how many are left out. */
  synchronized String text() {
    String lines = events.stream().map(event -> "  " + event + "\n").collect(Collectors.joining());
    return dropped == 0 ? lines : "  (" + dropped + " earlier calls)\n" + lines;
  }
}
