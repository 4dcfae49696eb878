// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The README's Java is a piece of an example, line for line but for the indentation. */
final class ReadmeTest {

  private static final String FENCE = "```";

  private static final Map<String, String> PIECES =
      Map.of(
          "## For library authors", "src/main/java/io/iommufd4j/examples/ReplaceTranslation.java",
          "### Interrupts, regions, features",
              "src/main/java/io/iommufd4j/examples/CountInterrupts.java",
          "### Guests and page faults", "src/main/java/io/iommufd4j/examples/NestGuest.java",
          "## For CI without an IOMMU",
              "src/test/java/io/iommufd4j/examples/ReservedIovaTest.java");

  private static Path module() {
    String basedir = System.getProperty("basedir");
    assumeTrue(basedir != null, "only a build knows where the checkout is");
    return Path.of(basedir);
  }

  private static String stripped(Stream<String> lines) {
    return String.join("\n", lines.map(String::strip).toList());
  }

  /** The Java blocks of a text, by the last heading before each. */
  private static Map<String, String> blocks(List<String> text) {
    var blocks = new HashMap<String, String>();
    String heading = "";
    for (int i = 0; i < text.size(); i++) {
      if (text.get(i).startsWith("#")) {
        heading = text.get(i);
      } else if (text.get(i).equals(FENCE + "java")) {
        int end = i + 1 + text.subList(i + 1, text.size()).indexOf(FENCE);
        String before = blocks.put(heading, stripped(text.subList(i + 1, end).stream()));
        assertNull(before, "one block of Java a section");
        i = end;
      }
    }
    return blocks;
  }

  @Test
  void itsJavaIsThatOfTheExamples() throws IOException {
    Map<String, String> blocks = blocks(Files.readAllLines(module().resolveSibling("README.md")));
    assertEquals(PIECES.keySet(), blocks.keySet());
    for (Map.Entry<String, String> piece : PIECES.entrySet()) {
      String block = Objects.requireNonNull(blocks.get(piece.getKey()));
      try (Stream<String> lines = Files.lines(module().resolve(piece.getValue()))) {
        assertTrue(stripped(lines).contains(block), () -> block + "\nis no piece of " + piece);
      }
    }
  }
}
