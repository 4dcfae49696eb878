// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.sim.mm.CallingProcess;
import io.iommufd4j.sim.mm.UserProcess;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * Another program on a simulated host, with descriptors and mappings of its own, as {@code /proc}
 * shows it: the kernel as that process calls it. Its memory is at this very process' addresses.
 * Closing it makes it exit: what it has mapped is unmapped, and its descriptors are closed.
 */
public final class HostProcess implements Kernel {

  private final Kernel kernel;
  private final CallingProcess calling;
  private final UserProcess process;
  private final Consumer<UserProcess> exit;
  private boolean exited;

  /**
   * A process that has started.
   *
   * @param exit what the kernel does when it exits
   */
  HostProcess(
      Kernel kernel, CallingProcess calling, UserProcess process, Consumer<UserProcess> exit) {
    this.kernel = kernel;
    this.calling = calling;
    this.process = process;
    this.exit = exit;
  }

  /** {@return its number, as under {@code /proc}} */
  public long pid() {
    return process.pid();
  }

  @Override
  public KernelIdentity identity() {
    return kernel.identity();
  }

  @Override
  public Path sysfs() {
    return kernel.sysfs();
  }

  @Override
  public int open(String path, int flags) {
    return calling.as(process, () -> kernel.open(path, flags));
  }

  @Override
  public int close(int fd) {
    return calling.as(process, () -> kernel.close(fd));
  }

  @Override
  public int dup(int fd) {
    return calling.as(process, () -> kernel.dup(fd));
  }

  @Override
  public int ioctl(int fd, int request, MemorySegment argument) {
    return calling.as(process, () -> kernel.ioctl(fd, request, argument));
  }

  @Override
  public long read(int fd, MemorySegment buffer) {
    return calling.as(process, () -> kernel.read(fd, buffer));
  }

  @Override
  public long write(int fd, MemorySegment buffer) {
    return calling.as(process, () -> kernel.write(fd, buffer));
  }

  @Override
  public long pread(int fd, MemorySegment buffer, long offset) {
    return calling.as(process, () -> kernel.pread(fd, buffer, offset));
  }

  @Override
  public long pwrite(int fd, MemorySegment buffer, long offset) {
    return calling.as(process, () -> kernel.pwrite(fd, buffer, offset));
  }

  @Override
  public int poll(MemorySegment pollfds, int timeoutMillis) {
    return calling.as(process, () -> kernel.poll(pollfds, timeoutMillis));
  }

  @Override
  public int eventfd(int initial, int flags) {
    return calling.as(process, () -> kernel.eventfd(initial, flags));
  }

  @Override
  public int memfd(String name, int flags) {
    return calling.as(process, () -> kernel.memfd(name, flags));
  }

  @Override
  public int ftruncate(int fd, long bytes) {
    return calling.as(process, () -> kernel.ftruncate(fd, bytes));
  }

  @Override
  public long mmap(long bytes, int protection, int flags, int fd, long offset) {
    return calling.as(process, () -> kernel.mmap(bytes, protection, flags, fd, offset));
  }

  @Override
  public int munmap(long address, long bytes) {
    return calling.as(process, () -> kernel.munmap(address, bytes));
  }

  @Override
  public int pidfd(long pid) {
    return calling.as(process, () -> kernel.pidfd(pid));
  }

  @Override
  public int pidfdGetfd(int pidfd, int fd) {
    return calling.as(process, () -> kernel.pidfdGetfd(pidfd, fd));
  }

  @Override
  public int socketPair(int[] pair) {
    return calling.as(process, () -> kernel.socketPair(pair));
  }

  @Override
  public int connect(String path) {
    return kernel.connect(path);
  }

  @Override
  public int sendDescriptors(int socket, int[] fds) {
    return calling.as(process, () -> kernel.sendDescriptors(socket, fds));
  }

  @Override
  public int receiveDescriptors(int socket, int[] fds) {
    return calling.as(process, () -> kernel.receiveDescriptors(socket, fds));
  }

  @Override
  public ProcessFacts process() {
    return calling.as(process, kernel::process);
  }

  /** The process exits, as one does that is killed. */
  @Override
  public synchronized void close() {
    if (!exited) {
      exited = true;
      exit.accept(process);
    }
  }
}
