#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# picocli 4.7.7 with the AOT cache of JDK 25 (java -XX:AOTCacheOutput, JEP 514).
# Expected: after one training run the next start takes its classes, the library's with them, from the cache.
# Instead: picocli's jar holds class files of version 49 (Java 5); the JDK says "Skipping ...: Old class has been linked"
# for each and leaves all of them out. The program's own classes come from the cache, every picocli class from the jar,
# parsed and verified again at each start, while the cache counts as created and in use.
# Why it matters: a host tool's run is mostly start-up, and much of that is the command-line library. Written again as
# version 52 with stack maps at build time, the same classes are cached.
. "$(dirname "$0")/common"

need_jdk
jars info.picocli:picocli:4.7.7
cd "$scratch"
mkdir classes
cat >Tool.java <<'JAVA'
import picocli.CommandLine;

@CommandLine.Command(name = "tool")
public class Tool implements Runnable {
  @Override
  public void run() {
    System.out.println("ran");
  }

  public static void main(String[] arguments) {
    System.exit(new CommandLine(new Tool()).execute(arguments));
  }
}
JAVA
"$JDK/bin/javac" -proc:none -cp jars/picocli-4.7.7.jar -d classes Tool.java
"$JDK/bin/jar" --create --file tool.jar -C classes .
path=tool.jar:jars/picocli-4.7.7.jar

"$JDK/bin/java" -version 2>&1 | sed -n 1p
"$JDK/bin/java" -XX:AOTCacheOutput=tool.aot -cp "$path" Tool >training 2>&1
[ -s tool.aot ] || unavailable "this JDK wrote no AOT cache"
"$JDK/bin/java" -XX:AOTCache=tool.aot -Xlog:class+load:file=loaded -cp "$path" Tool >/dev/null

count() { grep -E "$1" loaded | grep -cE "$2" || true; }
echo "class file version of picocli.CommandLine: $("$JDK/bin/javap" -v -cp jars/picocli-4.7.7.jar picocli.CommandLine | sed -n 's/ *major version: //p')"
echo "training run: $(grep -c 'Skipping picocli.*Old class has been linked' training || true) times \"Old class has been linked\""
own=$(count '\] Tool ' 'shared objects file')
cached=$(count '\] picocli\.' 'shared objects file')
read_again=$(count '\] picocli\.' 'source: file:')
echo "next run: of the program's own 1 class $own from the cache; of picocli's $((cached + read_again)), $cached from the cache and $read_again from the jar"
[ "$own" -eq 1 ] && [ "$cached" -eq 0 ] && [ "$read_again" -gt 100 ] && none=0 || none=1
still "$none" "no class of picocli comes from the cache"
