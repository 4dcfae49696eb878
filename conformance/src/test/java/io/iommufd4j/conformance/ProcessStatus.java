// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

import io.iommufd4j.bindings.libc.libc_h;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * The memory of a process as {@code /proc/PID/status} reports it.
 *
 * @param lockedBytes {@code VmLck}
 * @param pinnedBytes {@code VmPin}
 */
public record ProcessStatus(long lockedBytes, long pinnedBytes) {

  private static final int ROOM = 8192;

  /**
   * Of the kernel under test.
   *
   * @param process its number, or {@code self}
   */
  public static ProcessStatus of(KernelUnderTest test, String process) {
    var kernel = test.kernel();
    int file = Answers.ok(kernel.open("/proc/" + process + "/status", libc_h.O_RDONLY()));
    MemorySegment buffer = test.arena().allocate(ROOM);
    long count = Answers.ok(kernel.read(file, buffer));
    Answers.ok(kernel.close(file));
    byte[] text = buffer.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
    String status = new String(text, StandardCharsets.UTF_8);
    return new ProcessStatus(bytes(status, "VmLck"), bytes(status, "VmPin"));
  }

  private static long bytes(String status, String field) {
    String line = status.lines().filter(l -> l.startsWith(field + ":")).findFirst().orElseThrow();
    return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
  }
}
