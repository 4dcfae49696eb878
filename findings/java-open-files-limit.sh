#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# JDK 25 and the limit of open files (RLIMIT_NOFILE, "ulimit -n").
# Expected: a program that Java starts has the limit that the shell set, as with any other program between the two.
# Instead: the JVM raises its own soft limit to the hard one when it starts (-XX:+MaxFDLimit, the default), and every child of it
# inherits that. With -XX:-MaxFDLimit the child has what the shell set. The limit of locked memory is not touched.
# Why it matters: the soft limit is 1024 for the sake of programs that use select(), and "ulimit -n 256" before a tool's test is no
# limit for what the tool starts. Where the hard limit is a thousand million, as in containers, a child that closes every
# possible descriptor first takes long to start; QEMU started from Java has another limit than QEMU started by hand.
. "$(dirname "$0")/common"

need_jdk
cat >"$scratch/Show.java" <<'JAVA'
public class Show {
  public static void main(String[] arguments) throws Exception {
    new ProcessBuilder("sh", "-c", "echo $(ulimit -Sn) $(ulimit -Sl)").inheritIO().start().waitFor();
  }
}
JAVA
"$JDK/bin/javac" -d "$scratch" "$scratch/Show.java"
"$JDK/bin/java" -version 2>&1 | sed -n 1p
hard=$(ulimit -Hn)
[ "$hard" = unlimited ] || [ "$hard" -gt 300 ] || unavailable "the hard limit is $hard here"
ulimit -Sn 300
ulimit -Sl 16 || unavailable "the limit of locked memory cannot be set"
echo "open files in the shell:                300 (soft), $hard (hard); locked memory 16 KiB (soft), $(ulimit -Hl) (hard)"
by_default=$("$JDK/bin/java" -cp "$scratch" Show)
switched_off=$("$JDK/bin/java" -XX:-MaxFDLimit -cp "$scratch" Show)
echo "in a child of java:                     ${by_default% *}; locked memory ${by_default#* }"
echo "in a child of java -XX:-MaxFDLimit:     ${switched_off% *}; locked memory ${switched_off#* }"
[ "$by_default" = "$hard 16" ] && [ "$switched_off" = "300 16" ] && raised=0 || raised=1
still "$raised" "a child of java has the hard limit of open files for its soft one"
