// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.replay;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPInputStream;

/** Recordings of Linux 7.3.4 with VT-d and one edu function, as the lab has it. */
final class RecordedInTheLab {

  /** The machine that they are played on. */
  static final String MACHINE = "single:vtd";

  private RecordedInTheLab() {}

  /** The lines of one. */
  static List<String> lines(String name) {
    try (InputStream packed =
            Objects.requireNonNull(
                RecordedInTheLab.class.getResourceAsStream(name + ".jsonl.gz"), name);
        var lines =
            new BufferedReader(
                new InputStreamReader(new GZIPInputStream(packed), StandardCharsets.UTF_8))) {
      return lines.lines().toList();
    } catch (IOException e) {
      throw new AssertionError(name, e);
    }
  }
}
