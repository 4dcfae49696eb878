// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import io.iommufd4j.linux.Child;
import io.iommufd4j.linux.HostFile;
import io.iommufd4j.linux.Spawn;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A shell that outlives this process: when its input ends without a word, this process was killed,
 * and it kills the programs that are left without a kernel. Where there is no shell they stay, and
 * their calls answer {@code ENOSYS}.
 */
final class Guard {

  private static final int NONE = -1;

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

  private int words = NONE;
  private int shell = NONE;

  /** Starts the shell. */
  synchronized void start() {
    var ends = new int[2];
    if (HostFile.pipe(ends, 0) < 0) {
      return;
    }
    shell = Spawn.reading(List.of("/bin/sh", "-c", SCRIPT), ends[0]).run();
    HostFile.close(ends[0]);
    words = ends[1];
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
    HostFile.close(words);
    words = NONE;
    if (shell > 0) {
      Child.await(shell);
      shell = NONE;
    }
  }

  private void say(String word) {
    try (var arena = Arena.ofConfined()) {
      byte[] line = (word + "\n").getBytes(StandardCharsets.US_ASCII);
      HostFile.write(words, arena.allocate(line.length).copyFrom(MemorySegment.ofArray(line)));
    }
  }
}
