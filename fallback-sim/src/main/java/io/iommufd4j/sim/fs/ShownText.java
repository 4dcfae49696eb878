// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/** A file of {@code /proc} that is only read: what a program reads in pieces is of one moment. */
final class ShownText extends TextFile {

  private final Supplier<String> show;
  private byte[] shown = new byte[0];

  ShownText(Supplier<String> show) {
    this.show = show;
  }

  @Override
  byte[] text(long offset) {
    if (offset == 0) {
      shown = show.get().getBytes(StandardCharsets.US_ASCII);
    }
    return shown;
  }
}
