// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A request that another process makes, decoded by the generated layouts as {@link TracingKernel}
 * decodes those of this one.
 */
public final class ForeignRequest {

  private final int fd;
  private final String path;
  private final int number;
  private final long argument;
  private final Optional<Request> request;
  private final List<TraceField> before;

  private ForeignRequest(
      int fd,
      String path,
      int number,
      long argument,
      Optional<Request> request,
      MemorySegment block) {
    this.fd = fd;
    this.path = path;
    this.number = number;
    this.argument = argument;
    this.request = request;
    this.before = fields(block);
  }

  /** Reads memory of the process. */
  @FunctionalInterface
  public interface Memory {
    /**
     * Reads a block.
     *
     * @param address of its first byte
     * @param bytes most bytes
     * @return as many bytes as can be read
     */
    MemorySegment read(long address, long bytes);
  }

  /**
   * A request that is about to be made.
   *
   * @param fd its descriptor
   * @param path of the file behind that, as {@code /proc/PID/fd} has it
   * @param number of the request
   * @param argument address of its block, or another value
   * @param memory of the process
   * @return the request, with its fields as they are now
   */
  public static ForeignRequest of(int fd, String path, int number, long argument, Memory memory) {
    FileKind kind = path.contains("vfio-device") ? FileKind.VFIO_DEVICE : FileKind.of(path);
    Optional<Request> request = Request.find(number, kind);
    long bytes = request.map(Request::structBytes).orElse(0L);
    MemorySegment block = bytes == 0 ? MemorySegment.NULL : memory.read(argument, bytes);
    return new ForeignRequest(fd, path, number, argument, request, block);
  }

  private List<TraceField> fields(MemorySegment block) {
    Optional<GroupLayout> layout = request.flatMap(Request::layout);
    return layout.isEmpty() ? List.of() : StructFields.read(layout.get(), block);
  }

  /** {@return the request, where it is known} */
  public Optional<Request> request() {
    return request;
  }

  /** {@return its number, as {@code ioctl(2)} takes it} */
  public int number() {
    return number;
  }

  /**
   * Tells the call, once it has returned.
   *
   * @param memory of the process
   * @param result ≥ 0, or −errno
   * @param nanos time from before the call to after it
   * @return the call with its fields before and after
   */
  public TraceEvent answered(Memory memory, long result, long nanos) {
    long bytes = request.map(Request::structBytes).orElse(0L);
    List<TraceField> after = bytes == 0 ? List.of() : fields(memory.read(argument, bytes));
    var inputs = new ArrayList<TraceField>();
    inputs.add(new TraceField("fd", fd + "<" + path + ">"));
    if (request.isEmpty()) {
      inputs.add(new TraceField("request", "0x" + Integer.toHexString(number)));
    }
    if (bytes == 0) {
      inputs.add(new TraceField("argument", "0x" + Long.toHexString(argument)));
    }
    inputs.addAll(before);
    String name = request.map(Request::name).orElse("ioctl");
    return new TraceEvent(
        KernelIdentity.NATIVE,
        "ioctl",
        name,
        inputs,
        StructFields.changed(before, after),
        result,
        nanos);
  }
}
