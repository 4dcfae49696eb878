#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The AOT cache of JDK 25 (JEP 483, JEP 514) and java.lang.foreign.
# Expected: what the training run linked is there in the next start, as lambdas and the JDK's own classes are.
# Instead: a native function is linked anew in each start. Its stub, and the method handles around it, are some fourteen classes that the
# JVM makes at run time, with the cache as without it. So are twelve for the first number set in native memory (JAVA_LONG), and six more
# for the first address (ADDRESS), which is the same 8 bytes.
# Why it matters: on a small machine one call takes 20 to 30 ms, a quarter of a small tool's start, and no training takes it away. Let all
# calls go through one linked handle (syscall), and write addresses as numbers.
. "$(dirname "$0")/common"

need_jdk
cd "$scratch"
cat >Tool.java <<'JAVA'
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;

public class Tool {
  public static void main(String[] arguments) throws Throwable {
    String what = arguments[0];
    MemorySegment memory = Arena.global().allocate(64, 8);
    memory.set(JAVA_LONG, 0, 1);
    if (what.equals("number")) {
      memory.set(JAVA_LONG, 8, memory.address());
    } else if (what.equals("address")) {
      memory.set(ADDRESS, 8, memory);
    } else if (!what.equals("nothing")) {
      Linker linker = Linker.nativeLinker();
      MemorySegment abs = linker.defaultLookup().findOrThrow("abs");
      var handle = linker.downcallHandle(FunctionDescriptor.of(JAVA_INT, JAVA_INT));
      memory.set(JAVA_LONG, 8, (int) handle.invokeExact(abs, -1));
    }
    System.out.println(memory.get(JAVA_LONG, 0));
  }
}
JAVA
"$JDK/bin/javac" -proc:none -d . Tool.java
"$JDK/bin/jar" --create --file tool.jar Tool.class
"$JDK/bin/java" -version 2>&1 | sed -n 1p

# Prints how many classes a run makes that has a cache from a run of the same.
made() {
  "$JDK/bin/java" -XX:AOTCacheOutput="$1.aot" --enable-native-access=ALL-UNNAMED -cp tool.jar Tool "$1" >training 2>&1
  [ -s "$1.aot" ] || unavailable "this JDK wrote no AOT cache"
  "$JDK/bin/java" -XX:AOTCache="$1.aot" --enable-native-access=ALL-UNNAMED -Xlog:class+load:file=loaded -cp tool.jar Tool "$1" >said 2>&1
  [ "$(grep -c 'shared objects file' loaded)" -gt 100 ] || unavailable "the cache does not serve"
  grep -vc 'shared objects file\|source: jrt:' loaded || true
}

nothing=$(made nothing)
number=$(made number)
address=$(made address)
linked=$(made linked)
echo "classes made at run time, with the cache: $nothing; with a number set $number, an address set $address"
echo "with a function linked and called $linked"
[ "$number" -eq "$nothing" ] && [ "$address" -gt "$number" ] && [ "$linked" -gt $((nothing + 10)) ] && still=0 || still=1
still "$still" "each start links a native function anew, and an address set in memory makes classes where a number makes none"
