// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import io.iommufd4j.bindings.libc.pollfd;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.kernel.SysfsWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The kernel this process runs on. Every call goes straight to it and holds no lock of this
 * project's; {@code ioctl}, {@code read}, {@code write}, {@code pread}, {@code pwrite} and {@code
 * poll} allocate nothing on the Java heap.
 *
 * <p>A buffer must be native memory: a heap segment is an {@link IllegalArgumentException}, one of
 * a closed arena an {@link IllegalStateException}. A call that a signal interrupts answers {@code
 * -EINTR} and is not tried again here.
 */
public final class NativeKernel implements Kernel {

  private static final Path SYSFS = Path.of("/sys");
  private static final Path RELEASE = Path.of("/proc/sys/kernel/osrelease");
  private static final Path STATUS = Path.of("/proc/self/status");

  private final KernelIdentity identity;

  /**
   * The host's kernel. Nothing is opened.
   *
   * @throws UncheckedIOException when {@code /proc} does not tell the kernel's release
   */
  public NativeKernel() {
    try {
      identity = new KernelIdentity(KernelIdentity.NATIVE, Files.readString(RELEASE).strip(), "");
    } catch (IOException e) {
      throw new UncheckedIOException("the kernel's release could not be read", e);
    }
  }

  @Override
  public KernelIdentity identity() {
    return identity;
  }

  @Override
  public Path sysfs() {
    return SYSFS;
  }

  @Override
  public SysfsWriter sysfsWriter() {
    return ShellSysfsWriter.start();
  }

  @Override
  public int open(String path, int flags) {
    return Descriptors.open(path, flags);
  }

  @Override
  public int close(int fd) {
    return Descriptors.close(fd);
  }

  @Override
  public int dup(int fd) {
    return Descriptors.dup(fd);
  }

  @Override
  public int ioctl(int fd, int request, MemorySegment argument) {
    return LibC.ioctl(fd, request, argument);
  }

  @Override
  public long read(int fd, MemorySegment buffer) {
    return LibC.read(fd, buffer);
  }

  @Override
  public long write(int fd, MemorySegment buffer) {
    return LibC.write(fd, buffer);
  }

  @Override
  public long pread(int fd, MemorySegment buffer, long offset) {
    return LibC.pread(fd, buffer, offset);
  }

  @Override
  public long pwrite(int fd, MemorySegment buffer, long offset) {
    return LibC.pwrite(fd, buffer, offset);
  }

  @Override
  public int poll(MemorySegment pollfds, int timeoutMillis) {
    return LibC.poll(pollfds, pollfds.byteSize() / pollfd.sizeof(), timeoutMillis);
  }

  @Override
  public int eventfd(int initial, int flags) {
    return LibC.eventfd(initial, flags);
  }

  @Override
  public int memfd(String name, int flags) {
    return LibC.memfdCreate(name, flags);
  }

  @Override
  public int ftruncate(int fd, long bytes) {
    return LibC.ftruncate(fd, bytes);
  }

  @Override
  public long mmap(long bytes, int protection, int flags, int fd, long offset) {
    return LibC.mmap(bytes, protection, flags, fd, offset);
  }

  @Override
  public int munmap(long address, long bytes) {
    return LibC.munmap(address, bytes);
  }

  @Override
  public int pidfd(long pid) {
    return LibC.syscall(LibC.PIDFD_OPEN, pid, 0, 0);
  }

  @Override
  public int pidfdGetfd(int pidfd, int fd) {
    return LibC.syscall(LibC.PIDFD_GETFD, pidfd, fd, 0);
  }

  @Override
  public int socketPair(int[] pair) {
    return DescriptorMessages.pair(pair);
  }

  @Override
  public int connect(String path) {
    return LibC.connect(path);
  }

  @Override
  public int sendDescriptors(int socket, int[] fds) {
    return DescriptorMessages.send(socket, fds);
  }

  @Override
  public int receiveDescriptors(int socket, int[] fds) {
    return DescriptorMessages.receive(socket, fds);
  }

  @Override
  public ProcessFacts process() {
    return new ProcessFacts(
        Descriptors.pageSize(),
        Descriptors.memlockLimit(),
        pinnedBytes(),
        Descriptors.effectiveUser());
  }

  @Override
  public void close() {
    // The host's kernel outlives this object; descriptors are their openers' to close.
  }

  private static long pinnedBytes() {
    try (var lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith("VmPin:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst()
          .orElse(-1);
    } catch (IOException | UncheckedIOException e) {
      return -1;
    }
  }
}
