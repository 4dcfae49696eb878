#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# google-java-format 2.0.0, formatting its own output.
# Expected: what the formatter wrote it leaves alone when it reads it again, so that a check after a format passes.
# Instead: when it breaks a long string in a conditional expression of a switch rule again, the continuation line is
# indented by two more than it wants to see there: the check fails right after the format, and only a second format
# settles it.
# Why it matters: a build that formats once and then checks fails on a tree that it has just formatted. Without
# reflowing (--skip-reflowing-long-strings, which is Spotless' default) once is enough.
. "$(dirname "$0")/common"

need_jdk
jars com.google.googlejavaformat:google-java-format:2.0.0 com.google.guava:guava:33.5.0-jre com.google.guava:failureaccess:1.0.3 \
  org.commonmark:commonmark:0.29.0 org.commonmark:commonmark-ext-gfm-tables:0.29.0
cd "$scratch"
cat >Refusal.java <<'JAVA'
final class Refusal {
  static String hint(int errno, boolean alone) {
    return switch (errno) {
      case 16 ->
          alone
              ? "in use"
              : "a hint of this length takes a second line of source, as hints mostly do in here, and"
                  + " goes on for a little";
      default -> "";
    };
  }
}
JAVA

exports=()
for package in api code file parser tree util; do
  exports+=("--add-exports=jdk.compiler/com.sun.tools.javac.$package=ALL-UNNAMED")
done
format() {
  "$JDK/bin/java" "${exports[@]}" -cp "jars/*" com.google.googlejavaformat.java.Main "$@"
}

"$JDK/bin/java" -version 2>&1 | sed -n 1p
format --version 2>&1 | sed -n 1p
cp Refusal.java Kept.java
format --replace Refusal.java
cp Refusal.java once.txt
again=0
format --dry-run --set-exit-if-changed Refusal.java >/dev/null || again=$?
format --replace Refusal.java
settled=0
format --dry-run --set-exit-if-changed Refusal.java >/dev/null || settled=$?
echo "a check after one format: exit $again; after two: exit $settled; between the two:"
diff once.txt Refusal.java || true
format --replace --skip-reflowing-long-strings Kept.java
kept=0
format --dry-run --set-exit-if-changed --skip-reflowing-long-strings Kept.java >/dev/null || kept=$?
echo "a check after one format without reflowing: exit $kept"
[ "$again" -ne 0 ] && [ "$settled" -eq 0 ] && [ "$kept" -eq 0 ] && twice=0 || twice=1
still "$twice" "its own output is formatted once more"
