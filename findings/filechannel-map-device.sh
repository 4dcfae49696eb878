#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# java.nio's FileChannel.map of JDK 25 on a device node that can be mapped.
# Expected: what mmap(2) maps, FileChannel.map maps; the one calls the other.
# Instead: a device node has the size 0, so the JDK first makes the file as long as the mapping. On a channel that writes that is
# ftruncate, which no device has: "Invalid argument". On one that only reads it is "Channel not open for writing - cannot extend
# file to required size". mmap by FFM maps the same node. /dev/zero stands for them all here.
# Why it matters: UIO nodes, /dev/mem, /dev/vfio and the like are mapped to reach a device's registers. Neither message names the
# reason, and "Invalid argument" sends its reader after offset and length; sysfs' resourceN files, which have a size, work.
. "$(dirname "$0")/common"

need_jdk
cat >"$scratch/Show.java" <<'JAVA'
import static java.lang.foreign.ValueLayout.*;

import java.io.IOException;
import java.lang.foreign.*;
import java.nio.channels.FileChannel;
import java.nio.file.*;
import java.util.Set;

public class Show {
  public static void main(String[] arguments) throws Throwable {
    Path device = Path.of("/dev/zero");
    map("read-write channel", device, FileChannel.MapMode.READ_WRITE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    map("read-only channel", device, FileChannel.MapMode.READ_ONLY, StandardOpenOption.READ);
    Linker linker = Linker.nativeLinker();
    var open = linker.downcallHandle(linker.defaultLookup().findOrThrow("open"),
        FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), Linker.Option.firstVariadicArg(2));
    var mmap = linker.downcallHandle(linker.defaultLookup().findOrThrow("mmap"),
        FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    try (Arena arena = Arena.ofConfined()) {
      int readWrite = (int) open.invokeExact(arena.allocateFrom("/dev/zero"), 2);
      // PROT_READ | PROT_WRITE, MAP_SHARED.
      var mapped = (MemorySegment) mmap.invokeExact(MemorySegment.NULL, 4096L, 3, 1, readWrite, 0L);
      System.out.println("mmap by FFM: " + (mapped.address() == -1 ? "failed" : "mapped"));
    }
  }

  static void map(String what, Path device, FileChannel.MapMode mode, OpenOption... options) {
    try (FileChannel channel = FileChannel.open(device, Set.of(options))) {
      channel.map(mode, 0, 4096);
      System.out.println("FileChannel.map, " + what + ": mapped");
    } catch (IOException e) {
      System.out.println("FileChannel.map, " + what + ": " + e.getMessage());
    }
  }
}
JAVA
"$JDK/bin/java" -version 2>&1 | sed -n 1p
"$JDK/bin/java" --enable-native-access=ALL-UNNAMED "$scratch/Show.java" | tee "$scratch/out"
grep -q '^mmap by FFM: mapped$' "$scratch/out" || unavailable "/dev/zero cannot be mapped here"
grep -c '^FileChannel.map.*: mapped$' "$scratch/out" >"$scratch/count" || true
[ "$(cat "$scratch/count")" -eq 0 ] && refused=0 || refused=1
still "$refused" "FileChannel.map maps no device node, mmap does"
