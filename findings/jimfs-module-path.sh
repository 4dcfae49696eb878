#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# jimfs 1.3.2 (in-memory file system for tests, here in place of sysfs) with guava 33.7.1-jre on the module path, JDK 25.
# Expected: a module that says "requires com.google.common.jimfs", with the jars that Maven brings along on the module
# path, runs: jimfs is an automatic module, and such a module may read everything.
# Instead: NoClassDefFoundError at the first call, for a guava class whose jar is right there. Automatic modules pull one
# another into the module graph, but guava has had a descriptor since 33.4.5, and nothing names it. Compiling succeeds.
# Why it matters: tools that read sysfs are tested on jimfs. An upgrade of guava alone breaks the modular build at run time;
# "requires com.google.common" in one's own module, or --add-modules com.google.common, is the way out.
. "$(dirname "$0")/common"

need_jdk
jars com.google.jimfs:jimfs:1.3.2 com.google.guava:guava:33.7.1-jre com.google.guava:failureaccess:1.0.3
cd "$scratch"
module=$("$JDK/bin/jar" --describe-module --file jars/jimfs-1.3.2.jar 2>/dev/null | sed -n 's/^\([a-z.]*\)@.*automatic$/\1/p')
[ -n "$module" ] || still 1 "jimfs is an automatic module"
mkdir -p source/app
echo "module app { requires $module; }" >source/module-info.java
cat >source/app/Main.java <<'JAVA'
package app;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.nio.file.Files;

public class Main {
  public static void main(String[] arguments) throws Exception {
    try (var files = Jimfs.newFileSystem(Configuration.unix())) {
      System.out.println("ran, /sys: " + Files.exists(Files.createDirectory(files.getPath("/sys"))));
    }
  }
}
JAVA
"$JDK/bin/javac" -p jars -d app source/module-info.java source/app/Main.java && echo "javac: ok"
run() { "$JDK/bin/java" "$@" -p app:jars -m app/app.Main 2>&1 || true; }
echo "jimfs 1.3.2: automatic module $module"
echo "guava 33.7.1-jre: $("$JDK/bin/jar" --describe-module --file jars/guava-33.7.1-jre.jar | sed -n 1p | cut -d' ' -f1)"
run >plain
echo "java -m app: $(grep -m1 -o 'NoClassDefFoundError.*\|^ran.*' plain || sed -n 1p plain)"
run --add-modules com.google.common >added
echo "java --add-modules com.google.common -m app: $(grep -m1 -o 'NoClassDefFoundError.*\|^ran.*' added || sed -n 1p added)"
grep -q 'NoClassDefFoundError: com/google/common/' plain && grep -q '^ran' added && broken=0 || broken=1
still "$broken" "the module graph of an application on jimfs lacks guava"
