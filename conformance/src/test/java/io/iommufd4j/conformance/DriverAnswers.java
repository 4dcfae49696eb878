// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

import io.iommufd4j.kernel.Errno;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
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
   * The result of a kernel's driver: on an older one that of a row for it, where there is one.
   *
   * @param question a row of the table
   * @return a value ≥ 0, or −errno
   */
  public static int of(KernelUnderTest test, String question) {
    String old = OLDER + question;
    boolean differs = test.older() && ROWS.stream().anyMatch(row -> row[0].equals(old));
    return of(test.machine().iommu(), differs ? old : question);
  }

  private static int of(String iommu, String question) {
    String[] row = ROWS.stream().filter(r -> r[0].equals(question)).findFirst().orElseThrow();
    Integer column = COLUMNS.get(iommu);
    if (column == null || row[column].isEmpty()) {
      throw new IllegalArgumentException(FILE + " does not say: " + question + " on " + iommu);
    }
    return parse(row[column]);
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
