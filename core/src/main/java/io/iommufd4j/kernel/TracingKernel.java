// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * A kernel that reports every call with its inputs, outputs, errno and time. It decodes by the
 * generated layouts, so a trace reads the same on the host's kernel and on a simulated one. A
 * program that wants no trace uses the kernel itself and pays nothing.
 */
public final class TracingKernel implements Kernel {

  private final Kernel kernel;
  private final TraceSink sink;
  private final Map<Integer, FileKind> open = new ConcurrentHashMap<>();

  /**
   * Traces a kernel. Closing this closes it.
   *
   * @param kernel answers the calls
   * @param sink gets each call once it has returned
   */
  public TracingKernel(Kernel kernel, TraceSink sink) {
    this.kernel = kernel;
    this.sink = sink;
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
  public SysfsWriter sysfsWriter() {
    return new TracingSysfsWriter(kernel.sysfsWriter(), identity().backend(), sink);
  }

  @Override
  public int open(String path, int flags) {
    var inputs = List.of(field("path", path), hex("flags", flags));
    int fd = (int) traced("open", inputs, () -> kernel.open(path, flags));
    if (fd >= 0) {
      open.put(fd, FileKind.of(path));
    }
    return fd;
  }

  @Override
  public int close(int fd) {
    // Forgotten before the call: the number may be another file's the moment it is closed.
    open.remove(fd);
    return (int) traced("close", List.of(fd(fd)), () -> kernel.close(fd));
  }

  @Override
  public int dup(int fd) {
    int copy = (int) traced("dup", List.of(fd(fd)), () -> kernel.dup(fd));
    if (copy >= 0) {
      open.put(copy, open.getOrDefault(fd, FileKind.UNKNOWN));
    }
    return copy;
  }

  @Override
  public int ioctl(int fd, int request, MemorySegment argument) {
    var known = Request.find(request, open.getOrDefault(fd, FileKind.UNKNOWN));
    Optional<GroupLayout> layout = known.flatMap(Request::layout);
    List<TraceField> before =
        layout.map(struct -> StructFields.read(struct, argument)).orElse(List.of());

    long start = System.nanoTime();
    int result = kernel.ioctl(fd, request, argument);
    long nanos = System.nanoTime() - start;

    List<TraceField> after =
        layout.map(struct -> StructFields.read(struct, argument)).orElse(List.of());
    var inputs = new ArrayList<TraceField>();
    inputs.add(fd(fd));
    if (known.isEmpty()) {
      inputs.add(hex("request", request));
    }
    if (layout.isEmpty()) {
      inputs.add(hex("argument", argument.address()));
    }
    inputs.addAll(before);
    String name = known.map(Request::name).orElse("ioctl");
    tell("ioctl", name, inputs, StructFields.changed(before, after), result, nanos);
    return result;
  }

  @Override
  public long read(int fd, MemorySegment buffer) {
    return input("read", List.of(fd(fd), bytes(buffer)), buffer, () -> kernel.read(fd, buffer));
  }

  @Override
  public long write(int fd, MemorySegment buffer) {
    return traced(
        "write", List.of(fd(fd), bytes(buffer), data(buffer)), () -> kernel.write(fd, buffer));
  }

  @Override
  public long pread(int fd, MemorySegment buffer, long offset) {
    var inputs = List.of(fd(fd), bytes(buffer), hex("offset", offset));
    return input("pread", inputs, buffer, () -> kernel.pread(fd, buffer, offset));
  }

  @Override
  public long pwrite(int fd, MemorySegment buffer, long offset) {
    var inputs = List.of(fd(fd), bytes(buffer), hex("offset", offset), data(buffer));
    return traced("pwrite", inputs, () -> kernel.pwrite(fd, buffer, offset));
  }

  @Override
  public int poll(MemorySegment pollfds, int timeoutMillis) {
    var inputs = List.of(bytes(pollfds), decimal("timeout", timeoutMillis));
    return (int) traced("poll", inputs, () -> kernel.poll(pollfds, timeoutMillis));
  }

  @Override
  public int eventfd(int initial, int flags) {
    var inputs = List.of(decimal("initval", initial), hex("flags", flags));
    return (int) traced("eventfd", inputs, () -> kernel.eventfd(initial, flags));
  }

  @Override
  public int memfd(String name, int flags) {
    var inputs = List.of(field("name", name), hex("flags", flags));
    return (int) traced("memfd_create", inputs, () -> kernel.memfd(name, flags));
  }

  @Override
  public int ftruncate(int fd, long bytes) {
    var inputs = List.of(fd(fd), hex("length", bytes));
    return (int) traced("ftruncate", inputs, () -> kernel.ftruncate(fd, bytes));
  }

  @Override
  public long mmap(long bytes, int protection, int flags, int fd, long offset) {
    var inputs =
        List.of(
            hex("length", bytes),
            hex("prot", protection),
            hex("flags", flags),
            fd(fd),
            hex("offset", offset));
    return traced("mmap", inputs, () -> kernel.mmap(bytes, protection, flags, fd, offset));
  }

  @Override
  public int munmap(long address, long bytes) {
    var inputs = List.of(hex("addr", address), hex("length", bytes));
    return (int) traced("munmap", inputs, () -> kernel.munmap(address, bytes));
  }

  @Override
  public int pidfd(long pid) {
    return (int) traced("pidfd_open", List.of(decimal("pid", pid)), () -> kernel.pidfd(pid));
  }

  @Override
  public int pidfdGetfd(int pidfd, int fd) {
    var inputs = List.of(decimal("pidfd", pidfd), decimal("targetfd", fd));
    return (int) traced("pidfd_getfd", inputs, () -> kernel.pidfdGetfd(pidfd, fd));
  }

  @Override
  public int socketPair(int[] pair) {
    return (int) traced("socketpair", List.of(), () -> kernel.socketPair(pair));
  }

  @Override
  public int connect(String path) {
    return (int) traced("connect", List.of(field("path", path)), () -> kernel.connect(path));
  }

  @Override
  public int sendDescriptors(int socket, int[] fds) {
    var inputs = List.of(fd(socket), field("fds", Arrays.toString(fds)));
    return (int) traced("sendmsg", inputs, () -> kernel.sendDescriptors(socket, fds));
  }

  @Override
  public int receiveDescriptors(int socket, int[] fds) {
    return (int)
        traced("recvmsg", List.of(fd(socket)), () -> kernel.receiveDescriptors(socket, fds));
  }

  @Override
  public ProcessFacts process() {
    return kernel.process();
  }

  @Override
  public void close() {
    open.clear();
    kernel.close();
  }

  private long traced(String call, List<TraceField> inputs, LongSupplier body) {
    long start = System.nanoTime();
    long result = body.getAsLong();
    tell(call, call, inputs, List.of(), result, System.nanoTime() - start);
    return result;
  }

  private long input(
      String call, List<TraceField> inputs, MemorySegment buffer, LongSupplier body) {
    long start = System.nanoTime();
    long result = body.getAsLong();
    long nanos = System.nanoTime() - start;
    List<TraceField> outputs = result > 0 ? List.of(data(buffer.asSlice(0, result))) : List.of();
    tell(call, call, inputs, outputs, result, nanos);
    return result;
  }

  private void tell(
      String call,
      String name,
      List<TraceField> inputs,
      List<TraceField> outputs,
      long result,
      long nanos) {
    sink.accept(new TraceEvent(identity().backend(), call, name, inputs, outputs, result, nanos));
  }

  private static TraceField field(String name, String value) {
    return new TraceField(name, value);
  }

  private static TraceField fd(int fd) {
    return decimal("fd", fd);
  }

  private static TraceField decimal(String name, long value) {
    return field(name, Long.toString(value));
  }

  private static TraceField hex(String name, long value) {
    return field(name, "0x" + Long.toHexString(value));
  }

  private static TraceField hex(String name, int value) {
    return field(name, "0x" + Integer.toHexString(value));
  }

  private static TraceField bytes(MemorySegment buffer) {
    return decimal("count", buffer.byteSize());
  }

  /**
   * The first bytes in hexadecimal, in memory order: a register whole, the start of a long read.
   */
  private static TraceField data(MemorySegment buffer) {
    long shown = Math.min(buffer.byteSize(), SHOWN_BYTES);
    var text = new StringBuilder();
    for (long i = 0; i < shown; i++) {
      int octet = Byte.toUnsignedInt(buffer.get(ValueLayout.JAVA_BYTE, i));
      text.append(Character.forDigit(octet >> 4, 16)).append(Character.forDigit(octet & 15, 16));
    }
    return field("data", shown < buffer.byteSize() ? text + "…" : text.toString());
  }

  private static final int SHOWN_BYTES = 16;
}
