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

  private final Kernel kernel;
  private final int fd;
  private final @Nullable String path;
  private volatile boolean open = true;

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

  public static KernelFile open(Kernel kernel, String path) {
    int fd = kernel.open(path, libc_h.O_RDWR() | libc_h.O_CLOEXEC());
    if (fd < 0) {
      throw Refusals.open(kernel, path, fd);
    }
    return new KernelFile(kernel, fd, path);
  }

  /** The path it was opened by; empty for a descriptor that came from elsewhere. */
  public Optional<String> path() {
    return Optional.ofNullable(path);
  }

  public Kernel kernel() {
    return kernel;
  }

  public boolean isOpen() {
    return open;
  }

  public int fd() {
    if (!open) {
      throw new IllegalStateException("the descriptor, " + fd + ", is closed");
    }
    return fd;
  }

  /** The same open file of the same kernel, by the same descriptor. */
  public boolean sameAs(KernelFile other) {
    return kernel == other.kernel && fd == other.fd;
  }

  public int ioctl(Request request, MemorySegment block, @Nullable ObjectId object) {
    int result = tryIoctl(request, block);
    if (result < 0) {
      throw refused(request, result, object);
    }
    return result;
  }

  /** ≥ 0, or −errno. */
  public int tryIoctl(Request request, MemorySegment block) {
    return kernel.ioctl(fd(), request.number(), block);
  }

  public KernelException refused(Request request, int result, @Nullable ObjectId object) {
    return Refusals.request(kernel, request, result, fd, object);
  }

  /** A refusal whose hint comes from asking, for which the descriptor must still be open. */
  public KernelException refused(
      Request request, int result, @Nullable ObjectId object, Hint hint) {
    return Refusals.request(kernel, request, result, fd, object, hint);
  }

  public long pread(MemorySegment buffer, long offset) {
    return bytes("pread", kernel.pread(fd(), buffer, offset));
  }

  public long pwrite(MemorySegment buffer, long offset) {
    return bytes("pwrite", kernel.pwrite(fd(), buffer, offset));
  }

  private long bytes(String call, long result) {
    if (result < 0) {
      throw Refusals.call(call, result, fd);
    }
    return result;
  }

  /** Gives the descriptor up without closing it. */
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
