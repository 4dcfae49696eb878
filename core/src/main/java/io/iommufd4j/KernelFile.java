package io.iommufd4j;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One descriptor of one kernel: refusals become exceptions here, and a descriptor that was given up
 * is not used again, for its number may by then be another file's.
 */
final class KernelFile {

  private final Kernel kernel;
  private final int fd;
  private final @Nullable String path;
  private volatile boolean open = true;

  KernelFile(Kernel kernel, int fd) {
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

  static KernelFile open(Kernel kernel, String path) {
    int fd = kernel.open(path, libc_h.O_RDWR() | libc_h.O_CLOEXEC());
    if (fd < 0) {
      throw KernelException.onPath(kernel, "open", path, fd);
    }
    return new KernelFile(kernel, fd, path);
  }

  /** The path it was opened by; empty for a descriptor that came from elsewhere. */
  Optional<String> path() {
    return Optional.ofNullable(path);
  }

  Kernel kernel() {
    return kernel;
  }

  boolean isOpen() {
    return open;
  }

  int fd() {
    if (!open) {
      throw new IllegalStateException("the descriptor, " + fd + ", is closed");
    }
    return fd;
  }

  /** The same open file of the same kernel, by the same descriptor. */
  boolean sameAs(KernelFile other) {
    return kernel == other.kernel && fd == other.fd;
  }

  int ioctl(Request request, MemorySegment block, @Nullable ObjectId object) {
    int result = tryIoctl(request, block);
    if (result < 0) {
      throw refused(request, result, object);
    }
    return result;
  }

  /** ≥ 0, or −errno. */
  int tryIoctl(Request request, MemorySegment block) {
    return kernel.ioctl(fd(), request.number(), block);
  }

  KernelException refused(Request request, int result, @Nullable ObjectId object) {
    return KernelException.onFd(kernel, request.name(), result, fd, object);
  }

  /** A refusal whose hint comes from asking, for which the descriptor must still be open. */
  KernelException refused(Request request, int result, @Nullable ObjectId object, Hint hint) {
    return KernelException.hinted(kernel, request.name(), result, fd, object, hint);
  }

  long pread(MemorySegment buffer, long offset) {
    return bytes("pread", kernel.pread(fd(), buffer, offset));
  }

  long pwrite(MemorySegment buffer, long offset) {
    return bytes("pwrite", kernel.pwrite(fd(), buffer, offset));
  }

  private long bytes(String call, long result) {
    if (result < 0) {
      throw KernelException.onFd(kernel, call, (int) result, fd, null);
    }
    return result;
  }

  /** Gives the descriptor up without closing it. */
  int release() {
    int released = fd();
    open = false;
    return released;
  }

  /** Closes the descriptor; Linux frees the number even when it reports an error. */
  void close() {
    if (!open) {
      return;
    }
    open = false;
    int result = kernel.close(fd);
    if (result < 0) {
      throw KernelException.onFd(kernel, "close", result, fd, null);
    }
  }
}
