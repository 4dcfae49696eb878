#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# JDK 25: file descriptors and child processes, by ProcessBuilder and by posix_spawn through FFM.
# Expected: a child gets the descriptors that have no close-on-exec flag, by whatever call it is started; files that the JDK
# opened have the flag.
# Instead: it is the reverse both ways. ProcessBuilder closes every descriptor above 2 in the child, one that a program opened
# without the flag to hand it on, too. And the JDK opens its own files, FileChannel and RandomAccessFile, without the flag, so
# that a child of posix_spawn (FFM, jnr-posix, a native library) gets all of them.
# Why it matters: QEMU takes an open /dev/iommu or VFIO device as "fd=N"; no ProcessBuilder can give it one. And a VFIO group or
# device that Java holds open stays busy after it was closed there, for as long as a child lives that never knew of it.
. "$(dirname "$0")/common"

need_jdk
cat >"$scratch/Show.java" <<'JAVA'
import static java.lang.foreign.ValueLayout.*;

import java.io.RandomAccessFile;
import java.lang.foreign.*;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

public class Show {
  public static void main(String[] arguments) throws Throwable {
    Linker linker = Linker.nativeLinker();
    var open = linker.downcallHandle(linker.defaultLookup().findOrThrow("open"),
        FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), Linker.Option.firstVariadicArg(2));
    var spawn = linker.downcallHandle(linker.defaultLookup().findOrThrow("posix_spawn"),
        FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
    var waitpid = linker.downcallHandle(linker.defaultLookup().findOrThrow("waitpid"),
        FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(Path.of("/dev/zero"));
        RandomAccessFile file = new RandomAccessFile("/dev/full", "r")) {
      // O_RDONLY alone: without O_CLOEXEC.
      int own = (int) open.invokeExact(arena.allocateFrom("/dev/random"), 0);
      if (own < 0) throw new AssertionError("open");
      String list = "for f in /proc/self/fd/*; do readlink $f; done"
          + " | grep -xE '/dev/(zero|full|random)' | sort | paste -sd' ' | sed 's/^$/none/'";
      Process child = new ProcessBuilder("sh", "-c", list).redirectErrorStream(true).start();
      System.out.print("ProcessBuilder: " + new String(child.getInputStream().readAllBytes()));
      System.out.print("posix_spawn:    ");
      System.out.flush();
      MemorySegment words = arena.allocate(ADDRESS, 4);
      words.setAtIndex(ADDRESS, 0, arena.allocateFrom("sh"));
      words.setAtIndex(ADDRESS, 1, arena.allocateFrom("-c"));
      words.setAtIndex(ADDRESS, 2, arena.allocateFrom(list));
      MemorySegment environment = arena.allocate(ADDRESS, 2);
      environment.setAtIndex(ADDRESS, 0, arena.allocateFrom("PATH=" + System.getenv("PATH")));
      MemorySegment pid = arena.allocate(JAVA_INT);
      if ((int) spawn.invokeExact(pid, arena.allocateFrom("/bin/sh"), MemorySegment.NULL, MemorySegment.NULL, words, environment) != 0
          || (int) waitpid.invokeExact(pid.get(JAVA_INT, 0), MemorySegment.NULL, 0) < 0) {
        throw new AssertionError("posix_spawn");
      }
    }
  }
}
JAVA
"$JDK/bin/java" -version 2>&1 | sed -n 1p
echo "open in Java: /dev/zero (FileChannel), /dev/full (RandomAccessFile), /dev/random (open by FFM, not close-on-exec); in the child:"
"$JDK/bin/java" --enable-native-access=ALL-UNNAMED "$scratch/Show.java" | tee "$scratch/out"
diff - "$scratch/out" >/dev/null <<'OUT' && same=0 || same=1
ProcessBuilder: none
posix_spawn:    /dev/full /dev/random /dev/zero
OUT
still "$same" "ProcessBuilder hands on no descriptor, posix_spawn all that the JDK opened"
