// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

import io.iommufd4j.kernel.Errno;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The results in which IOMMU drivers differ: the rows of {@code driver-answers.tsv}. A driver that
 * cannot do something is held to its errno, not skipped.
 */
public final class DriverAnswers {

  private static final String FILE = "driver-answers.tsv";

  /** The rows of Linux 6.12 begin with it. */
  private static final String OLDER = "6.12: ";

  private static final List<String[]> ROWS = load();
  private static final Map<String, Integer> COLUMNS = columns();

  private DriverAnswers() {}

  /**
   * The result of a kernel's driver: on an older one that of a row for it, where that says one.
   *
   * @param question a row of the table
   * @return a value ≥ 0, or −errno
   */
  public static int of(KernelUnderTest test, String question) {
    String iommu = test.machine().iommu();
    Optional<String> old = test.older() ? cell(iommu, OLDER + question) : Optional.empty();
    return parse(
        old.or(() -> cell(iommu, question))
            .orElseThrow(() ->
                new IllegalArgumentException(
                    FILE + " does not say: " + question + " on " + iommu)));
  }

  private static Optional<String> cell(String iommu, String question) {
    Integer column = COLUMNS.get(iommu);
    return column == null
        ? Optional.empty()
        : ROWS.stream()
            .filter(row -> row[0].equals(question))
            .map(row -> row[column])
            .filter(cell -> !cell.isEmpty())
            .findFirst();
  }

  private static int parse(String answer) {
    if (Character.isDigit(answer.charAt(0))) {
      return Integer.decode(answer);
    }
    return -IntStream.range(1, 4096)
        .filter(errno -> Errno.name(errno).equals(answer))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException(FILE + " has no such errno: " + answer));
  }

  private static Map<String, Integer> columns() {
    String[] header = ROWS.getFirst();
    return IntStream.range(1, header.length)
        .boxed()
        .collect(Collectors.toMap(i -> header[i], i -> i));
  }

  private static List<String[]> load() {
    try (var stream = DriverAnswers.class.getResourceAsStream(FILE)) {
      if (stream == null) {
        throw new IllegalStateException(FILE + " is not on the class path");
      }
      return Arrays.stream(
              new String(stream.readAllBytes(), StandardCharsets.UTF_8).split("\n", -1))
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .map(line -> line.split("\t", -1))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
