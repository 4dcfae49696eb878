// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.kernel.FileKind;
import io.iommufd4j.kernel.Request;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The places that {@code docs/adding-a-command.md} names are those where a command appears. */
final class PlacesOfACommandTest {

  private static final Path PAGE = Path.of("docs", "adding-a-command.md");

  /** The example by all its names. */
  private static final Pattern EXAMPLE =
      Pattern.compile("IOAS_CHANGE_PROCESS|ioas_change_process|ChangeProcess");

  private static final Pattern PLACE = Pattern.compile("(?m)^\\| (\\* )?`([^`]+)` \\|");

  @Test
  void thePageNamesEveryFileThatMentionsTheExample() throws IOException, InterruptedException {
    Checkout checkout = Checkout.current();
    Path root = checkout.root();
    var mentioning = new TreeSet<String>();
    for (String name : checkout.committed()) {
      boolean documentation = name.startsWith("docs/") || !name.contains("/");
      if (!documentation && !name.endsWith(".bin") && EXAMPLE.matcher(text(root, name)).find()) {
        mentioning.add(name);
      }
    }
    mentioning.remove(
        "conformance/src/test/java/io/iommufd4j/architecture/PlacesOfACommandTest.java");
    var named =
        places(root).map(place -> place.group(2)).collect(Collectors.toCollection(TreeSet::new));
    assertEquals(mentioning, named);
  }

  @Test
  void everyCommandStandsInEveryPlaceThatAllHave() throws IOException {
    Path root = Checkout.current().root();
    List<String> shared =
        places(root).filter(place -> place.group(1) != null).map(place -> place.group(2)).toList();
    assertEquals(9, shared.size(), shared.toString());
    for (String name : shared) {
      String text = text(root, name);
      for (Request request : Request.values()) {
        if (request.file() == FileKind.IOMMUFD) {
          String command = request.name().substring("IOMMU_".length());
          assertTrue(text.contains(command), () -> name + " has no " + command);
        }
      }
    }
  }

  private static Stream<MatchResult> places(Path root) throws IOException {
    return PLACE.matcher(Files.readString(root.resolve(PAGE))).results();
  }

  /** One byte a character: what is searched for is ASCII. */
  private static String text(Path root, String name) throws IOException {
    Path file = root.resolve(name);
    return Files.isRegularFile(file) ? Files.readString(file, StandardCharsets.ISO_8859_1) : "";
  }
}
