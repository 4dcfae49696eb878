// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Committed text says what other people's software did wrong, and in which version, never what sets
 * it off. A sentence in which such software crashes or hangs is therefore listed here once somebody
 * has read it for that.
 */
final class OutsideFaultsTest {

  /** Sentences that name no cause, or are about this project's own software. */
  private static final List<String> REVIEWED =
      List.of(
          "QEMU 7.2 has crashed outside of what this class lets through.",
          "Linux 7.3.4 has panicked, hung and kept objects for good, and QEMU 7.2 has aborted, outside"
              + " of what it generates.",
          "Linux 7.3.4 has panicked and hung, and QEMU 7.2 has aborted, in this project's lab.",
          "with QEMU 7.2's `nvme` Linux has waited in vain for virtual functions.",
          "Linux has panicked in its own check of the timer under emulation",
          "JVMs have crashed in QEMU's emulation",
          "never a crash of the JVM.",
          "should the machine hang, what came tells how far it got.");

  private static final Pattern SOFTWARE =
      Pattern.compile("\\b(Linux|QEMU|JVMs?|kernels?|drivers?|guests?|hosts?|machines?)\\b");

  private static final Pattern FAULT =
      Pattern.compile(
          "\\b(crash(es|ed)?|hangs?|hung|panics?|panicked|oops(es|ed)?|aborts|locks? up|locked up"
              + "|(dead|live)locks?|in vain|for good|without end|never (returns|wakes)"
              + "|ends the machine)\\b",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern COMMENT_MARK = Pattern.compile("\n[ \t]*(/?\\*+|//|#)[ \t]?");
  private static final Pattern WORDS_OF_A_NAME = Pattern.compile("(?<=[a-z])(?=[A-Z])");
  private static final Pattern SENTENCE_END =
      Pattern.compile("(?<=[.;:!?])\\s|\n\\s*\n|\\s\\|\\s|[{}();]|\\*/");

  @Test
  void sentencesAboutThemAreReviewed() throws IOException, InterruptedException {
    var unread = new ArrayList<String>();
    var found = new ArrayList<String>();
    for (Path file : committed()) {
      for (String sentence : suspects(Files.readString(file, StandardCharsets.UTF_8))) {
        found.add(sentence);
        if (REVIEWED.stream().noneMatch(sentence::contains)) {
          unread.add(file + ": " + sentence);
        }
      }
    }
    assertEquals(List.of(), unread, "does any say what sets the fault off? If not, list it here");
    for (String reviewed : REVIEWED) {
      assertTrue(found.stream().anyMatch(sentence -> sentence.contains(reviewed)), reviewed);
    }
  }

  private static List<String> suspects(String text) {
    String prose = COMMENT_MARK.matcher(text).replaceAll(" ");
    return SENTENCE_END
        .splitAsStream(WORDS_OF_A_NAME.matcher(prose).replaceAll(" "))
        .filter(part -> FAULT.matcher(part).find() && SOFTWARE.matcher(part).find())
        .map(part -> part.strip().replaceAll("\\s+", " "))
        .toList();
  }

  /** The checkout's text, without what jextract wrote and this file. */
  private static List<Path> committed() throws IOException, InterruptedException {
    Checkout checkout = Checkout.current();
    return checkout.committed().stream()
        .filter(name -> !name.startsWith("bindings/src/main/"))
        .filter(name -> !name.endsWith(".bin") && !name.endsWith(".gz"))
        .map(checkout.root()::resolve)
        .filter(file -> Files.isRegularFile(file) && !file.endsWith("OutsideFaultsTest.java"))
        .toList();
  }
}
