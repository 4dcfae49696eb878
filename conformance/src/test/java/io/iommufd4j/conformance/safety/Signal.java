// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** The signals that end a tool. */
enum Signal {
  /** {@code kill -9}: the tool alone, and it cannot answer. */
  SIGKILL(9, false),
  /** As systemd and {@code kill} send it, to the tool alone. */
  SIGTERM(15, false),
  /** As a terminal's Ctrl-C sends it, to the tool and all that it started. */
  SIGINT(2, true);

  private static final MethodHandle KILL = kill();

  private final int number;
  private final boolean toGroup;

  Signal(int number, boolean toGroup) {
    this.number = number;
    this.toGroup = toGroup;
  }

  /** The exit code of a process that this ended, as a shell has it. */
  int exitCode() {
    return 128 + number;
  }

  /** Sends it to the leader of a process group; nothing happens when that is gone. */
  void send(long leader) {
    int process = Math.toIntExact(toGroup ? -leader : leader);
    try {
      int ignored = (int) KILL.invokeExact(process, number);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static MethodHandle kill() {
    var linker = Linker.nativeLinker();
    var number = ValueLayout.JAVA_INT;
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow("kill"), FunctionDescriptor.of(number, number, number));
  }
}
