// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.wire.PerThread;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

/**
 * libc's calls with errno captured: each returns what the call returned, or −errno.
 *
 * <p>The generated bindings know addresses and descriptors but cannot capture errno, so the handles
 * are made here with this project's own options. None is linked as critical, which is for calls
 * that return at once: a map pins pages and sleeps. Each handle is linked when first called; the
 * arguments and results of the calls by descriptor never reach the Java heap.
 */
final class LibC {

  private static final long ERRNO =
      Linker.Option.captureStateLayout().byteOffset(PathElement.groupElement("errno"));

  /** The memory that the linker stores errno in: one per thread, as errno itself is. */
  private static final PerThread<MemorySegment> STATE =
      new PerThread<>(() -> Arena.ofAuto().allocate(Linker.Option.captureStateLayout()));

  private LibC() {}

  private static MethodHandle link(
      MemorySegment address, FunctionDescriptor descriptor, Linker.Option... more) {
    var options = new Linker.Option[more.length + 1];
    options[0] = Linker.Option.captureCallState("errno");
    System.arraycopy(more, 0, options, 1, more.length);
    return Linker.nativeLinker().downcallHandle(address, descriptor, options);
  }

  private static final class Ioctl {
    /**
     * The arguments before the dots, which the calling convention of some platforms tells apart.
     */
    private static final int FIXED_ARGUMENTS = 2;

    static final MethodHandle CALL =
        link(
            libc_h.ioctl.address(),
            libc_h.ioctl.makeInvoker(libc_h.C_POINTER).descriptor(),
            Linker.Option.firstVariadicArg(FIXED_ARGUMENTS));
  }

  private static final class Read {
    static final MethodHandle CALL = link(libc_h.read$address(), libc_h.read$descriptor());
  }

  private static final class Write {
    static final MethodHandle CALL = link(libc_h.write$address(), libc_h.write$descriptor());
  }

  private static final class Pread {
    static final MethodHandle CALL = link(libc_h.pread$address(), libc_h.pread$descriptor());
  }

  private static final class Pwrite {
    static final MethodHandle CALL = link(libc_h.pwrite$address(), libc_h.pwrite$descriptor());
  }

  private static final class Poll {
    static final MethodHandle CALL = link(libc_h.poll$address(), libc_h.poll$descriptor());
  }

  private static final class Eventfd {
    static final MethodHandle CALL = link(libc_h.eventfd$address(), libc_h.eventfd$descriptor());
  }

  private static final class MemfdCreate {
    static final MethodHandle CALL =
        link(libc_h.memfd_create$address(), libc_h.memfd_create$descriptor());
  }

  private static final class Ftruncate {
    static final MethodHandle CALL =
        link(libc_h.ftruncate$address(), libc_h.ftruncate$descriptor());
  }

  private static final class Mmap {
    static final MethodHandle CALL = link(libc_h.mmap$address(), libc_h.mmap$descriptor());
  }

  private static final class Munmap {
    static final MethodHandle CALL = link(libc_h.munmap$address(), libc_h.munmap$descriptor());
  }

  // The same on every architecture, as all calls are that came after 2019.
  static final long PIDFD_OPEN = 434;
  static final long PIDFD_GETFD = 438;

  /** {@code AF_UNIX}, {@code SOCK_STREAM} and {@code SOCK_CLOEXEC}. */
  private static final int LOCAL = 1;

  private static final int STREAM = 1;
  private static final int CLOSED_ON_EXEC = 02000000;

  /** {@code sizeof(struct sockaddr_un)}, and where its path begins. */
  private static final int ADDRESS_BYTES = 110;

  private static final int ADDRESS_PATH = Short.BYTES;

  /**
   * Calls that the bindings do not name: one linked handle is enough for all. {@code syscall(2)} is
   * declared with dots, but they change nothing for numbers on Linux's architectures. What is bound
   * to a handle makes classes at each start, so that the function is an argument.
   */
  private static final class Numbers {
    static final MemorySegment SYSCALL = symbol("syscall");

    static final MethodHandle CALL =
        Linker.nativeLinker()
            .downcallHandle(
                FunctionDescriptor.of(
                    JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                    JAVA_LONG),
                Linker.Option.captureCallState("errno"));
  }

  private static final class Socket {
    static final MethodHandle CALL =
        link(symbol("socket"), FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
  }

  private static final class Connect {
    static final MethodHandle CALL =
        link(symbol("connect"), FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
  }

  static MemorySegment symbol(String name) {
    return Linker.nativeLinker().defaultLookup().findOrThrow(name);
  }

  static int syscall(long number, long first, long second, long third) {
    return (int) syscall(number, first, second, third, 0, 0, 0);
  }

  static long syscall(
      long number, long first, long second, long third, long fourth, long fifth, long sixth) {
    var state = STATE.get();
    try {
      long result =
          (long)
              Numbers.CALL.invokeExact(
                  Numbers.SYSCALL, state, number, first, second, third, fourth, fifth, sixth);
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * Calls a function of at most six arguments, numbers or addresses. Those that it has not are in
   * registers that it does not read.
   *
   * @return its result, of which an {@code int} is the lower half
   */
  static long call(
      MemorySegment function,
      long first,
      long second,
      long third,
      long fourth,
      long fifth,
      long sixth) {
    var state = STATE.get();
    try {
      return (long)
          Numbers.CALL.invokeExact(function, state, first, second, third, fourth, fifth, sixth, 0L);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** A stream socket of this machine, connected to a path. */
  static int connect(String path) {
    byte[] name = path.getBytes(StandardCharsets.UTF_8);
    if (name.length >= ADDRESS_BYTES - ADDRESS_PATH) {
      return Errno.ENAMETOOLONG.negated();
    }
    var state = STATE.get();
    try (var arena = Arena.ofConfined()) {
      int fd = (int) Socket.CALL.invokeExact(state, LOCAL, STREAM | CLOSED_ON_EXEC, 0);
      if (fd < 0) {
        return -errno(state);
      }
      var address = arena.allocate(ADDRESS_BYTES, Short.BYTES);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) LOCAL);
      MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, ADDRESS_PATH, name.length);
      int result = (int) Connect.CALL.invokeExact(state, fd, address, ADDRESS_BYTES);
      if (result < 0) {
        int refused = -errno(state);
        Descriptors.close(fd);
        return refused;
      }
      return fd;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int ioctl(int fd, int request, MemorySegment argument) {
    var state = STATE.get();
    try {
      int result =
          (int) Ioctl.CALL.invokeExact(state, fd, Integer.toUnsignedLong(request), argument);
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long read(int fd, MemorySegment buffer) {
    var state = STATE.get();
    try {
      long result = (long) Read.CALL.invokeExact(state, fd, buffer, buffer.byteSize());
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long write(int fd, MemorySegment buffer) {
    var state = STATE.get();
    try {
      long result = (long) Write.CALL.invokeExact(state, fd, buffer, buffer.byteSize());
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long pread(int fd, MemorySegment buffer, long offset) {
    var state = STATE.get();
    try {
      long result = (long) Pread.CALL.invokeExact(state, fd, buffer, buffer.byteSize(), offset);
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long pwrite(int fd, MemorySegment buffer, long offset) {
    var state = STATE.get();
    try {
      long result = (long) Pwrite.CALL.invokeExact(state, fd, buffer, buffer.byteSize(), offset);
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int poll(MemorySegment pollfds, long count, int timeoutMillis) {
    var state = STATE.get();
    try {
      int result = (int) Poll.CALL.invokeExact(state, pollfds, count, timeoutMillis);
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int eventfd(int initial, int flags) {
    var state = STATE.get();
    try {
      int result = (int) Eventfd.CALL.invokeExact(state, initial, flags);
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int memfdCreate(String name, int flags) {
    var state = STATE.get();
    try (var arena = Arena.ofConfined()) {
      int result = (int) MemfdCreate.CALL.invokeExact(state, arena.allocateFrom(name), flags);
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int ftruncate(int fd, long bytes) {
    var state = STATE.get();
    try {
      int result = (int) Ftruncate.CALL.invokeExact(state, fd, bytes);
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long mmap(long bytes, int protection, int flags, int fd, long offset) {
    var state = STATE.get();
    try {
      var mapped =
          (MemorySegment)
              Mmap.CALL.invokeExact(
                  state, MemorySegment.NULL, bytes, protection, flags, fd, offset);
      return mapped.address() == libc_h.MAP_FAILED().address() ? -errno(state) : mapped.address();
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int munmap(long address, long bytes) {
    var state = STATE.get();
    try {
      int result = (int) Munmap.CALL.invokeExact(state, MemorySegment.ofAddress(address), bytes);
      return result < 0 ? -errno(state) : result;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static int errno(MemorySegment state) {
    return state.get(ValueLayout.JAVA_INT, ERRNO);
  }

  /**
   * Turns a throwable of the linker into an exception; a refusal of the linker itself, as of a heap
   * segment or a closed arena, goes to the caller as it is.
   */
  private static RuntimeException unexpected(Throwable thrown) {
    if (thrown instanceof RuntimeException refused) {
      return refused;
    }
    if (thrown instanceof Error error) {
      throw error;
    }
    throw new AssertionError("a native call threw what it cannot declare", thrown);
  }
}
