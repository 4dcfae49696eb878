// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.extension;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * The known differences between the simulated kernel and Linux: the rows of {@code
 * divergences.tsv}, each with the test that shows it.
 */
final class Divergences {

  private static final String FILE = "divergences.tsv";
  private static final String ANY = "*";

  /**
   * One of them.
   *
   * @param test class and method, as {@code ioas.MapTest#overlap}, with the display name in
   *     brackets where a test runs on more than one case
   * @param iommu the IOMMU's kind it shows on, or {@code *}
   * @param reason why it is so
   */
  record Divergence(String test, String iommu, String reason) {

    private boolean concerns(String id, String kind) {
      return test.equals(id) && (iommu.equals(ANY) || iommu.equals(kind));
    }
  }

  private static final List<Divergence> ALL = load();

  private Divergences() {}

  static List<Divergence> all() {
    return ALL;
  }

  static Optional<Divergence> find(String id, String iommu) {
    return ALL.stream().filter(d -> d.concerns(id, iommu)).findFirst();
  }

  private static List<Divergence> load() {
    try (var stream = Divergences.class.getResourceAsStream(FILE)) {
      if (stream == null) {
        throw new IllegalStateException(FILE + " is not on the class path");
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .map(Divergences::parse)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Divergence parse(String line) {
    String[] columns = line.split("\t", -1);
    if (columns.length != 3 || columns[2].isBlank()) {
      throw new IllegalStateException(FILE + " wants test, IOMMU and reason: " + line);
    }
    return new Divergence(columns[0], columns[1], columns[2]);
  }
}
