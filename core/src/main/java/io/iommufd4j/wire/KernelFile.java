// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.ObjectId;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One descriptor of one kernel: refusals become exceptions here, and a descriptor that was given up
 * is not used again, for its number may by then be another file's.
 */
public final class KernelFile {

  private static final int NO_FD = -1;

  private final Kernel kernel;
  private final int fd;
  private final @Nullable String path;
  private volatile boolean open = true;

  /**
   * Takes a descriptor over that was opened elsewhere.
   *
   * @param kernel the kernel it was opened on
   * @param fd not negative
   */
  public KernelFile(Kernel kernel, int fd) {
    this(kernel, fd, null);
  }

  private KernelFile(Kernel kernel, int fd, @Nullable String path) {
    if (fd < 0) {
      throw new IllegalArgumentException("a descriptor is not negative: " + fd);
    }
    this.kernel = kernel;
    this.fd = fd;
    this.path = path;
  }

  /**
   * Opens a file for reading and writing, closed on exec.
   *
   * @param kernel the kernel to open it on
   * @param path absolute, as {@code /dev/iommu}
   * @return the open file
   * @throws KernelException with the errno of {@code open(2)}
   */
  public static KernelFile open(Kernel kernel, String path) {
    int fd = kernel.open(path, libc_h.O_RDWR() | libc_h.O_CLOEXEC());
    if (fd < 0) {
      throw Refusals.open(kernel, path, fd);
    }
    return new KernelFile(kernel, fd, path);
  }

  /**
   * Makes an eventfd that has counted nothing and never waits, closed on exec.
   *
   * @param kernel the kernel to make it on
   * @return the open file
   * @throws KernelException with the errno of {@code eventfd(2)}
   */
  public static KernelFile eventFd(Kernel kernel) {
    int fd = kernel.eventfd(0, libc_h.EFD_NONBLOCK() | libc_h.EFD_CLOEXEC());
    if (fd < 0) {
      throw Refusals.call("eventfd", fd, NO_FD);
    }
    return new KernelFile(kernel, fd);
  }

  /** {@return the path it was opened by; empty for a descriptor that came from elsewhere} */
  public Optional<String> path() {
    return Optional.ofNullable(path);
  }

  /** {@return the kernel that the descriptor belongs to} */
  public Kernel kernel() {
    return kernel;
  }

  /** {@return true until it is closed or given up} */
  public boolean isOpen() {
    return open;
  }

  /**
   * {@return the descriptor}
   *
   * @throws IllegalStateException once it is closed or given up
   */
  public int fd() {
    if (!open) {
      throw new IllegalStateException("the descriptor, " + fd + ", is closed");
    }
    return fd;
  }

  /**
   * {@return true for the same open file of the same kernel, by the same descriptor}
   *
   * @param other open or closed
   */
  public boolean sameAs(KernelFile other) {
    return kernel == other.kernel && fd == other.fd;
  }

  /**
   * Makes a request and throws what the kernel refuses.
   *
   * @param request a request that this kind of file answers
   * @param block the struct it carries, or an integer argument as an address
   * @param object the object it is about, for the message; null without one
   * @return ≥ 0
   * @throws KernelException with the errno, and the hint of the request where there is one
   */
  public int ioctl(Request request, MemorySegment block, @Nullable ObjectId object) {
    int result = tryIoctl(request, block);
    if (result < 0) {
      throw refused(request, result, object);
    }
    return result;
  }

  /**
   * Makes a request and returns what the kernel answers.
   *
   * @param request a request that this kind of file answers
   * @param block the struct it carries, or an integer argument as an address
   * @return ≥ 0, or −errno
   */
  public int tryIoctl(Request request, MemorySegment block) {
    return kernel.ioctl(fd(), request.number(), block);
  }

  /**
   * {@return the exception of a refusal, with the hint that needs no question}
   *
   * @param request the request that was refused
   * @param result −errno
   * @param object the object it was about; null without one
   */
  public KernelException refused(Request request, int result, @Nullable ObjectId object) {
    return Refusals.request(kernel, request, result, fd, object);
  }

  /**
   * {@return the exception of a refusal whose hint comes from asking, for which the descriptor must
   * still be open}
   *
   * @param request the request that was refused
   * @param result −errno
   * @param object the object it was about; null without one
   * @param hint asked at once
   */
  public KernelException refused(
      Request request, int result, @Nullable ObjectId object, Hint hint) {
    return Refusals.request(kernel, request, result, fd, object, hint);
  }

  /**
   * Reads at an offset with {@code pread(2)}.
   *
   * @param buffer a native segment to fill
   * @param offset bytes from the start of the file
   * @return bytes read
   * @throws KernelException with the errno of {@code pread(2)}
   */
  public long pread(MemorySegment buffer, long offset) {
    return checked("pread", kernel.pread(fd(), buffer, offset));
  }

  /**
   * Writes at an offset with {@code pwrite(2)}.
   *
   * @param buffer a native segment to write
   * @param offset bytes from the start of the file
   * @return bytes written
   * @throws KernelException with the errno of {@code pwrite(2)}
   */
  public long pwrite(MemorySegment buffer, long offset) {
    return checked("pwrite", kernel.pwrite(fd(), buffer, offset));
  }

  /**
   * Reads with {@code read(2)} and returns what the kernel answers.
   *
   * @param buffer a native segment to fill
   * @return bytes read, or −errno
   */
  public long tryRead(MemorySegment buffer) {
    return kernel.read(fd(), buffer);
  }

  /**
   * Writes with {@code write(2)}.
   *
   * @param buffer a native segment to write
   * @return bytes written
   * @throws KernelException with the errno of {@code write(2)}
   */
  public long write(MemorySegment buffer) {
    return checked("write", kernel.write(fd(), buffer));
  }

  /**
   * Throws what the kernel refused.
   *
   * @param call the system call's name
   * @param result of a system call on this descriptor: ≥ 0, or −errno
   * @return the result
   * @throws KernelException with the errno
   */
  public long checked(String call, long result) {
    if (result < 0) {
      throw Refusals.call(call, result, fd);
    }
    return result;
  }

  /**
   * Gives the descriptor up without closing it.
   *
   * @return the descriptor, which is the caller's to close from here on
   * @throws IllegalStateException once it is closed or given up
   */
  public int release() {
    int released = fd();
    open = false;
    return released;
  }

  /** Closes the descriptor; Linux frees the number even when it reports an error. */
  public void close() {
    if (!open) {
      return;
    }
    open = false;
    int result = kernel.close(fd);
    if (result < 0) {
      throw Refusals.call("close", result, fd);
    }
  }
}
