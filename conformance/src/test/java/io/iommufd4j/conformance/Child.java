// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.KernelIdentity;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * The program of a {@link ChildProcess}: a line of standard input is a system call, a line of
 * standard output its answer. It ends with its input.
 */
final class Child {

  // The same on every architecture, as all calls are that came after 2019.
  private static final long PIDFD_OPEN = 434;
  private static final long PIDFD_GETFD = 438;

  private static final MethodHandle SYSCALL = syscall();

  private final Kernel kernel = Backend.provider(KernelIdentity.NATIVE).open();
  private final Arena arena = Arena.global();

  private Child() {}

  /** Answers until the parent has no more to ask. */
  public static void main(String[] arguments) throws IOException {
    var child = new Child();
    var questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = questions.readLine(); line != null; line = questions.readLine()) {
      System.out.println(child.answer(line.split(" ", -1)));
    }
  }

  private String answer(String[] words) {
    return switch (words[0]) {
      case "take" -> take(Long.parseLong(words[1]), Long.parseLong(words[2]));
      case "map" -> map(Integer.parseInt(words[1]), Long.parseLong(words[2]));
      case "open" -> Integer.toString(kernel.open(words[1], libc_h.O_RDWR() | libc_h.O_CLOEXEC()));
      case "memory" -> memory(Long.parseLong(words[1]));
      case "close" -> Integer.toString(kernel.close(Integer.parseInt(words[1])));
      case "ioctl" -> ioctl(Integer.parseInt(words[1]), Integer.parseInt(words[2]), words[3]);
      default -> throw new IllegalArgumentException(words[0]);
    };
  }

  /** A descriptor of a file that another process has open. */
  private static String take(long pid, long fd) {
    long process = call(PIDFD_OPEN, pid, 0, 0);
    return Long.toString(process < 0 ? process : call(PIDFD_GETFD, process, fd, 0));
  }

  private String map(int fd, long bytes) {
    int access = libc_h.PROT_READ() | libc_h.PROT_WRITE();
    return Long.toString(kernel.mmap(bytes, access, libc_h.MAP_SHARED(), fd, 0));
  }

  private String memory(long bytes) {
    int fd = kernel.memfd("conformance", 0);
    int answer = fd < 0 ? fd : kernel.ftruncate(fd, bytes);
    return Integer.toString(answer < 0 ? answer : fd);
  }

  private String ioctl(int fd, int request, String bytes) {
    MemorySegment block = arena.allocateFrom(ValueLayout.JAVA_BYTE, HexFormat.of().parseHex(bytes));
    int answer = kernel.ioctl(fd, request, block);
    return answer + " " + HexFormat.of().formatHex(block.toArray(ValueLayout.JAVA_BYTE));
  }

  private static MethodHandle syscall() {
    var linker = Linker.nativeLinker();
    var number = ValueLayout.JAVA_LONG;
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow("syscall"),
        FunctionDescriptor.of(number, number, number, number, number),
        Linker.Option.firstVariadicArg(1));
  }

  private static long call(long number, long first, long second, long third) {
    try {
      return (long) SYSCALL.invokeExact(number, first, second, third);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
