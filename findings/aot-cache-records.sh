#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The AOT cache of JDK 25 (JEP 514) and what javac leaves to be linked at run time: lambdas, text with +, the methods that a
# record is given, and a switch over types.
# Expected: what ran in the training run is linked in the cache, as JEP 483 has it for lambdas.
# Instead: lambdas and concatenation are. A record's toString, equals and hashCode and a switch over types are not: each start makes
# their classes anew and runs the bootstrap code for them. The records and the sealed types themselves do come from the cache.
# Why it matters: the first equals of a record takes 20 ms and more on a small machine, with the cache as without it, more than the
# rest of a small tool's start. For a record on the way of each start, a key in a map first of all, write these methods by hand.
. "$(dirname "$0")/common"

need_jdk
cd "$scratch"
cat >Tool.java <<'JAVA'
import java.util.function.Supplier;

public class Tool {
  record Pair(int number, String text) {}

  sealed interface Shape permits Dot, Line {}

  record Dot() implements Shape {}

  record Line() implements Shape {}

  public static void main(String[] arguments) {
    String what = arguments[0];
    Shape shape = what.isEmpty() ? new Line() : new Dot();
    long start = System.nanoTime();
    Object result =
        switch (what) {
          case "concatenation" -> what + arguments.length;
          case "lambda" -> ((Supplier<String>) () -> what).get();
          case "record.toString" -> new Pair(1, what).toString();
          case "record.equals" -> new Pair(1, what).equals(new Pair(2, what));
          case "record.hashCode" -> new Pair(1, what).hashCode();
          default -> length(shape);
        };
    System.out.println((System.nanoTime() - start) / 100_000 / 10.0);
    if (result == null) throw new AssertionError();
  }

  static int length(Shape shape) {
    return switch (shape) {
      case Dot dot -> 0;
      case Line line -> 1;
    };
  }
}
JAVA
mkdir classes
"$JDK/bin/javac" -proc:none -d classes Tool.java
"$JDK/bin/jar" --create --file tool.jar -C classes .
"$JDK/bin/java" -version 2>&1 | sed -n 1p
echo "first use: classes made at run time with the cache; milliseconds without it, and with it"
for what in concatenation lambda record.toString record.equals record.hashCode type.switch; do
  "$JDK/bin/java" -XX:AOTCacheOutput="$what.aot" -cp tool.jar Tool "$what" >training 2>&1
  [ -s "$what.aot" ] || unavailable "this JDK wrote no AOT cache"
  without=$("$JDK/bin/java" -cp tool.jar Tool "$what")
  with=$("$JDK/bin/java" -XX:AOTCache="$what.aot" -Xlog:class+load:file=loaded -cp tool.jar Tool "$what")
  grep -q ' Tool source: shared objects file' loaded || unavailable "the cache is not used"
  made=$(grep -vc 'source: shared objects file' loaded || true)
  printf '%-16s %2d %6s %6s\n' "$what" "$made" "$without" "$with" | tee -a out
done
sed 's/  *[^ ]*  *[^ ]*$//; s/  */ /' out >made
awk '$1 ~ /record|switch/ ? $2 == 0 : $2 > 0 { wrong = 1 } END { exit wrong }' made && anew=0 || anew=1
still "$anew" "a record's methods and a switch over types are linked anew at each start"
