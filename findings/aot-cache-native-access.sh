#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The AOT cache of JDK 25 (JEP 514) and --enable-native-access, which programs that call FFM are started with.
# Expected: the cache serves whether the flag is given or not; it grants a right and changes no class.
# Instead: a cache that was made without the flag gives a run with it not one class, and the other way round. All come
# from the JDK's own image, as if there were no cache. The run succeeds; the JVM writes five lines about a property that
# does not match into the program's standard output, and a launcher that keeps that clean with -Xlog:aot=off hears nothing.
# Why it matters: a launcher that adds the flag to a start whose cache was trained without it is as slow as without a
# cache. Enable-Native-Access in the jar's manifest needs no flag, so that both starts are alike.
. "$(dirname "$0")/common"

need_jdk
cd "$scratch"
mkdir classes
cat >Tool.java <<'JAVA'
public class Tool {
  public static void main(String[] arguments) {
    System.out.println(java.util.stream.IntStream.range(0, 9).boxed().map(i -> "n" + i).toList());
  }
}
JAVA
"$JDK/bin/javac" -proc:none -d classes Tool.java
"$JDK/bin/jar" --create --file tool.jar -C classes .
"$JDK/bin/java" -version 2>&1 | sed -n 1p
flag=--enable-native-access=ALL-UNNAMED
"$JDK/bin/java" -XX:AOTCacheOutput=without.aot -cp tool.jar Tool >training 2>&1
"$JDK/bin/java" "$flag" -XX:AOTCacheOutput=with.aot -cp tool.jar Tool >>training 2>&1
[ -s without.aot ] && [ -s with.aot ] || unavailable "this JDK wrote no AOT cache"

# Prints how many classes of a run come from the cache.
cached() {
  "$JDK/bin/java" -XX:AOTCache="$1.aot" "${@:2}" -Xlog:class+load:file=loaded -cp tool.jar Tool >said 2>&1
  grep -c 'shared objects file' loaded || true
}

alike=$(cached without)
alike_with=$(cached with "$flag")
added=$(cached without "$flag")
echo "printed by default with the flag added, beside the program's line: $(grep -vc '^\[n0' said || true) lines"
missing=$(cached with)
echo "classes from the cache: made without the flag, run without: $alike; made with, run with: $alike_with"
echo "made without, run with: $added; made with, run without: $missing"
[ "$alike" -gt 100 ] && [ "$alike_with" -gt 100 ] && [ "$added" -eq 0 ] && [ "$missing" -eq 0 ] && none=0 || none=1
still "$none" "the cache gives no class when only one of the two runs has the flag"
