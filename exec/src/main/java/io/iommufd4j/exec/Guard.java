// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;

/**
 * A shell that outlives this process: when its input ends without a word, this process was killed,
 * and it kills the programs that are left without a kernel. Where there is no shell they stay, and
 * their calls answer {@code ENOSYS}.
 */
final class Guard {

  private static final String SCRIPT =
      """
      trap '' INT TERM HUP QUIT PIPE
      all=
      while IFS= read -r word; do
        case $word in
          over) exit 0 ;;
          -*)
            left=
            for pid in $all; do
              [ "-$pid" = "$word" ] || left="$left $pid"
            done
            all=$left
            ;;
          *) all="$all $word" ;;
        esac
      done
      [ -z "$all" ] || kill -KILL $all 2>/dev/null
      """;

  private Writer words = Writer.nullWriter();

  /** Starts the shell. */
  synchronized void start() {
    var command =
        new ProcessBuilder("/bin/sh", "-c", SCRIPT)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    try {
      words = command.start().outputWriter(StandardCharsets.US_ASCII);
    } catch (IOException none) {
      words = Writer.nullWriter();
    }
  }

  /** A process is to end with this one. */
  synchronized void add(int pid) {
    say(Integer.toString(pid));
  }

  /** A process has ended, and its number may be another's soon. */
  synchronized void remove(int pid) {
    say("-" + pid);
  }

  /** Nothing is to be killed any more. */
  synchronized void end() {
    say("over");
    try {
      words.close();
    } catch (IOException gone) {
      // Then there is nobody left to tell.
    }
  }

  private void say(String word) {
    try {
      words.write(word + "\n");
      words.flush();
    } catch (IOException gone) {
      words = Writer.nullWriter();
    }
  }
}
