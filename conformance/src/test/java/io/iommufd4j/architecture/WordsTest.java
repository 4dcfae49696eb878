// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** A doc comment says what a thing is or does: its first word is no question word. */
final class WordsTest {

  private static final Pattern OPENING =
      Pattern.compile("/\\*\\*\\s*(?:\\*\\s*)?(What|Whether|Where|How|Who|Whose|Which)\\b.*");

  @Test
  void docCommentsOpenWithoutAQuestionWord() throws IOException, InterruptedException {
    Checkout checkout = Checkout.current();
    var opened = new ArrayList<String>();
    int files = 0;
    for (String name : checkout.committed()) {
      Path file = checkout.root().resolve(name);
      boolean generated = name.startsWith("bindings/src/main/");
      if (name.endsWith(".java") && !generated && Files.isRegularFile(file)) {
        files++;
        OPENING
            .matcher(Files.readString(file, StandardCharsets.UTF_8))
            .results()
            .forEach(found -> opened.add(name + ": " + found.group()));
      }
    }
    assertTrue(files > 0);
    assertEquals(List.of(), opened);
  }

  @Test
  void theQuestionWordsAreFound() {
    assertTrue(OPENING.matcher("/** " + "Whether it is open. */").find());
    assertTrue(OPENING.matcher("/**\n   * " + "How many there are.").find());
    assertFalse(OPENING.matcher("/** Number of them. */").find());
  }
}
