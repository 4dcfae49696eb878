package io.iommufd4j.conformance.selftest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Huge pages of the host's kernel: it has none to give until it is told to keep some. */
final class HugePages {

  /** As many as the largest case maps at a time, and what JVM and kernel round up. */
  private static final int ENOUGH = 160;

  private static final Path KEPT = Path.of("/proc/sys/vm/nr_hugepages");

  private HugePages() {}

  /** Sees to it that huge pages can be mapped. A simulated kernel always has some. */
  static void provide() {
    if (!System.getProperty("iommufd4j.backend", "sim").equals("native")) {
      return;
    }
    try {
      if (Integer.parseInt(Files.readString(KEPT).strip()) < ENOUGH) {
        Files.writeString(KEPT, Integer.toString(ENOUGH));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the kernel keeps no huge pages", e);
    }
  }
}
