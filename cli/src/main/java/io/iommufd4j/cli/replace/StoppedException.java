// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import java.io.Serial;

/** Somebody asked the work to stop; what it did has to be undone on the way out. */
public final class StoppedException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1L;

  /** Made by {@link Interruption}. */
  StoppedException() {
    super("stopped before the end");
  }
}
