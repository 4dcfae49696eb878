// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.file;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * The text of a file, as the parser's nodes.
 *
 * @param file its name, for messages
 */
record YamlText(String file, String text) {

  private static final int MOST_CHARACTERS = 16 << 20;
  private static final int MOST_ALIASES = 100;
  private static final String WHOLE = "machine";
  private static final Pattern KEY = Pattern.compile("^[\\s\\[{-]*([A-Za-z][A-Za-z0-9-]*)\\s*:");

  /**
   * The document's one value.
   *
   * @throws BadFileException when it is no YAML, or empty
   */
  Value parse() {
    try {
      var settings =
          LoadSettings.builder()
              .setLabel(file)
              .setCodePointLimit(MOST_CHARACTERS)
              .setMaxAliasesForCollections(MOST_ALIASES)
              .build();
      Node root =
          new Compose(settings)
              .composeString(text)
              .orElseThrow(() ->
                  new BadFileException(
                      file, 1, WHOLE, "the file is empty; it wants at least machine: NAME"));
      return new Value(this, "", root);
    } catch (MarkedYamlEngineException wrong) {
      int line = wrong.getProblemMark().map(Mark::getLine).orElse(0) + 1;
      throw new BadFileException(file, line, keyAt(line), "is not YAML: " + wrong.getProblem());
    } catch (YamlEngineException wrong) {
      throw new BadFileException(file, 1, WHOLE, "is not YAML: " + wrong.getMessage());
    }
  }

  /** The key that stands on a line, or on the nearest one above. */
  private String keyAt(int line) {
    List<String> lines = text.lines().toList();
    for (int i = Math.min(line, lines.size()) - 1; i >= 0; i--) {
      Matcher key = KEY.matcher(lines.get(i));
      if (key.find()) {
        return key.group(1);
      }
    }
    return WHOLE;
  }

  /** The line of a node, from 1. */
  static int line(Optional<Mark> mark) {
    return mark.map(Mark::getLine).orElse(0) + 1;
  }
}
