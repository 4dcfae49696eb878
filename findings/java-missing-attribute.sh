#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# JDK 25's Files.writeString (and FileOutputStream) on an attribute of sysfs that is not there; as root.
# Expected: NoSuchFileException, as Files.readString says, and as procfs makes both say.
# Instead: AccessDeniedException, for root too. Unless told otherwise these open with O_CREAT, and the kernel answers EACCES where
# a file would have to be made in sysfs, before anything else. With StandardOpenOption.WRITE alone it is NoSuchFileException.
# Why it matters: sriov_numvfs, driver_override, resource0_resize and the attributes of a mediated or an unbound device are there
# or not by device, driver and kernel. A program that asks for more rights, or tells its user so, sends them the wrong way; one
# that catches NoSuchFileException to fall back never does.
. "$(dirname "$0")/common"

need_jdk
[ "$(id -u)" -eq 0 ] || unavailable "only for root is there no other reason to be denied"
cat >"$scratch/Show.java" <<'JAVA'
import java.io.*;
import java.nio.file.*;

public class Show {
  interface Action { void run() throws IOException; }

  public static void main(String[] paths) {
    for (String name : paths) {
      Path path = Path.of(name);
      show("Files.readString", path, () -> Files.readString(path));
      show("Files.writeString", path, () -> Files.writeString(path, "1"));
      show("Files.writeString, WRITE", path, () -> Files.writeString(path, "1", StandardOpenOption.WRITE));
      show("FileOutputStream", path, () -> new FileOutputStream(name).close());
    }
  }

  static void show(String what, Path path, Action action) {
    try {
      action.run();
      System.out.println(what + " " + path + ": done");
    } catch (IOException e) {
      System.out.println(what + " " + path + ": " + e.getClass().getSimpleName() + e.getMessage().replace(path.toString(), ""));
    }
  }
}
JAVA
"$JDK/bin/java" -version 2>&1 | sed -n 1p
uname -sr
"$JDK/bin/java" "$scratch/Show.java" /sys/kernel/no_such_attribute /proc/no_such_file | tee "$scratch/out"
diff - "$scratch/out" >/dev/null <<'OUT' && same=0 || same=1
Files.readString /sys/kernel/no_such_attribute: NoSuchFileException
Files.writeString /sys/kernel/no_such_attribute: AccessDeniedException
Files.writeString, WRITE /sys/kernel/no_such_attribute: NoSuchFileException
FileOutputStream /sys/kernel/no_such_attribute: FileNotFoundException (Permission denied)
Files.readString /proc/no_such_file: NoSuchFileException
Files.writeString /proc/no_such_file: NoSuchFileException
Files.writeString, WRITE /proc/no_such_file: NoSuchFileException
FileOutputStream /proc/no_such_file: FileNotFoundException (No such file or directory)
OUT
still "$same" "a missing attribute of sysfs is an AccessDeniedException"
