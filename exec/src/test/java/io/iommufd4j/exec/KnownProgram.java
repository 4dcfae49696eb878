// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Programs that are known to run, as the page names them; a test runs each. */
enum KnownProgram {
  LS("`ls`", "links of sysfs, nodes, directories that both the machine and the host have"),
  FIND("`find`, `xargs`, `readlink`", "walks the IOMMU groups, follows links of sysfs"),
  COREUTILS(
      "`cat`, `stat`, `test`, `grep`, `cp -r`, `tar`, redirections of the shell",
      "texts of sysfs, read, copied and packed; types and sizes as Linux shows them"),
  LSPCI("`lspci -vvv -nn`, `lspci -k`", "configuration registers, BARs, groups, drivers"),
  DRIVER_SCRIPT(
      "a bash script as `driverctl` is one",
      "driver_override, drivers_probe, bind, unbind, with the errors that bash shows; the working directory in"
          + " sysfs, globs there, and the way out of it by `..`"),
  PYTHON("Python 3", "directories by path and by descriptor, `chdir`, children, `/proc/self/fd`"),
  RUST("a Rust program, with threads", "directories, attributes, an IOAS of `/dev/iommu`"),
  GO("a static Go program", "the same from goroutines: Go's runtime makes its own system calls"),
  STRACE("`strace -f`", "shows calls and answers of a program of iommufd"),
  STATIC_C("a static C program", "an IOAS, memory in it, its end"),
  DYNAMIC_C("a dynamic C program", "the same");

  private final String program;
  private final String does;

  KnownProgram(String program, String does) {
    this.program = program;
    this.does = does;
  }

  /** The page. */
  static String page() {
    return Stream.of(values())
        .map(known -> "| %s | %s |\n".formatted(known.program, known.does))
        .collect(
            Collectors.joining(
                "",
                """
                # Programs known to run on the simulated kernel

                Written by the tests of the module `exec`, which run each of them unmodified by \
                `iommufdctl sim exec` and look at what it
                writes. A program that is not on the host is skipped there. [exec.md](exec.md) says \
                what cannot be had.

                | program | what it does there |
                | --- | --- |
                """,
                """

                Scripts of the lab run these, in CI:

                | program | how |
                | --- | --- |
                | QEMU 11.1.3 with `-object iommufd -device vfio-pci`, its guest at work on the \
                device; `iommufdctl inspect` and `device-replace --pid` beside it | `lab/vmm --sim`: \
                [exec.md](exec.md#qemu) |
                | the kernel's `iommufd`, `iommufd_fail_nth` and VFIO selftests | `lab/selftests`: \
                [exec.md](exec.md#the-kernels-own-tests) |
                """));
  }
}
