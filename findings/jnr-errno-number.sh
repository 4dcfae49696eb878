#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# jnr-constants 0.10.4 on Linux, the errno names of jnr-posix and of everything on jnr-ffi.
# Expected: Errno.valueOf(n).intValue() is n for any errno n; without a name for it, at least the number stays.
# Instead: a number that it has no name for becomes __UNKNOWN_CONSTANT__, whose intValue() is 20014, a number that no kernel
# has; all unknown numbers are one and the same constant afterwards.
# Why it matters: the kernel's internal codes do reach user space. Linux 6.12 and 7.3 answer 524 (ENOTSUPP) to a write to a
# PCI device's resourceN_resize in sysfs where the firmware's assignment has to stay. Keep the int that the system call
# left: Errno alone makes such an answer unreadable, and a table keyed by Errno merges them.
. "$(dirname "$0")/common"

need_jdk
jars com.github.jnr:jnr-constants:0.10.4
cat >"$scratch/Show.java" <<'JAVA'
import jnr.constants.platform.Errno;

public class Show {
  public static void main(String[] numbers) {
    for (String number : numbers) {
      Errno errno = Errno.valueOf(Integer.parseInt(number));
      System.out.println(number + " -> " + errno.name() + " -> " + errno.intValue());
    }
  }
}
JAVA
echo "jnr-constants 0.10.4, number -> Errno -> intValue():"
"$JDK/bin/java" -cp "$scratch/jars/*" "$scratch/Show.java" 16 22 512 524 | tee "$scratch/out"
diff - "$scratch/out" >/dev/null <<'OUT' && same=0 || same=1
16 -> EBUSY -> 16
22 -> EINVAL -> 22
512 -> __UNKNOWN_CONSTANT__ -> 20014
524 -> __UNKNOWN_CONSTANT__ -> 20014
OUT
still "$same" "512 and 524 both come back as 20014"
