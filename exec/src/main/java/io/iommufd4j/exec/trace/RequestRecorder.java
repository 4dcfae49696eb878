// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.trace;

import io.iommufd4j.exec.process.HostMaps;
import io.iommufd4j.exec.record.BlockField;
import io.iommufd4j.exec.record.RecordedEvent;
import io.iommufd4j.exec.record.RecordedKind;
import io.iommufd4j.exec.record.RequestParts;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ForeignRequest;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.kernel.TraceEvent;
import io.iommufd4j.kernel.TraceField;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Turns requests into events of a recording: what the block holds, what it points to, and what of
 * that the kernel changed. May be called by any thread.
 */
final class RequestRecorder {

  private static final int PAGE = 4096;

  /** The most bytes of a block that are looked at, whatever it says of itself. */
  private static final int MOST_BLOCK = 1 << 14;

  /** The most bytes of the name of a device of a group. */
  private static final int MOST_NAME = 256;

  private static final String ARGUMENT = "argument";

  /** A mapping of a recorded file. */
  private record Mapped(int pid, long start, long end, int file, long offset) {}

  private final String backend;
  private final Map<Integer, RecordedKind> kinds = new ConcurrentHashMap<>();
  private final Map<Integer, Integer> iommufdOf = new ConcurrentHashMap<>();
  private final Map<Integer, Meanings> meanings = new ConcurrentHashMap<>();
  private final List<Mapped> mapped = new CopyOnWriteArrayList<>();

  /**
   * Nothing seen as yet.
   *
   * @param backend of the kernel, as {@link TraceEvent#backend} has it
   */
  RequestRecorder(String backend) {
    this.backend = backend;
  }

  /** A request that has not returned. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Begun(
      ForeignRequest request,
      int fd,
      int file,
      long argument,
      byte @Nullable [] block,
      List<RecordedEvent.Data> data,
      List<RecordedEvent.Memory> memory,
      List<RecordedEvent.Descriptor> descriptors) {}

  /**
   * A request that has returned.
   *
   * @param call for a trace
   * @param event for a recording
   */
  record Ended(TracedCall call, RecordedEvent.Ioctl event) {}

  /** A file is open from now on, under this number. */
  void opened(int file, RecordedKind kind) {
    kinds.put(file, kind);
  }

  /** Nobody has the file open any more. */
  void closed(int file) {
    kinds.remove(file);
    iommufdOf.remove(file);
    meanings.remove(file);
    mapped.removeIf(one -> one.file() == file);
  }

  /** A process has mapped a file. */
  void mapped(int pid, long start, long bytes, int file, long offset) {
    long end = start + bytes;
    mapped.removeIf(one -> one.pid() == pid && one.start() < end && start < one.end());
    mapped.add(new Mapped(pid, start, end, file, offset));
  }

  /** A request that is about to be made, as {@code ioctl(2)} gets it. */
  Begun begin(Caller caller, int fd, int number, long argument) {
    int file = caller.file(fd);
    var request = ForeignRequest.of(fd, caller.name(fd), number, argument, caller);
    Optional<Request> known = request.request();
    byte[] block = block(caller, known, argument);
    List<RecordedEvent.Data> data = List.of();
    List<RecordedEvent.Memory> memory = List.of();
    List<RecordedEvent.Descriptor> descriptors = new ArrayList<>();
    if (known.isPresent() && block != null) {
      List<RequestParts.Pointer> pointers = RequestParts.pointers(known.get(), block);
      data = data(caller, pointers);
      memory = memory(caller.by().pid(), pointers);
      for (BlockField field : RequestParts.descriptors(known.get(), block)) {
        descriptors.add(descriptor(caller, field.name(), (int) field.get(block)));
      }
    } else if (known.isPresent()) {
      data = withoutBlock(caller, known.get(), argument, descriptors);
    }
    return new Begun(request, fd, file, argument, block, data, memory, descriptors);
  }

  /** The request has returned. */
  Ended end(Caller caller, Begun begun, long result, long nanos) {
    Optional<Request> known = begun.request().request();
    byte[] block = begun.block();
    byte[] after = block == null ? null : bytes(caller, begun.argument(), block.length);
    boolean changed =
        block != null
            && after != null
            && after.length == block.length
            && !Arrays.equals(block, after);
    List<RecordedEvent.Given> given =
        known.isPresent() && result >= 0
            ? given(caller, known.get(), changed ? after : block, result)
            : List.of();
    if (result == 0 && known.equals(Optional.of(Request.VFIO_DEVICE_BIND_IOMMUFD))) {
      iommufdOf.put(begun.file(), begun.descriptors().getFirst().file());
    }
    TraceEvent event =
        meanings
            .computeIfAbsent(scope(begun), _ -> new Meanings())
            .named(begun.request(), begun.request().answered(caller, result, nanos));
    boolean unreachable =
        result == Errno.EFAULT.negated()
            && block != null
            && !writable(caller.by().pid(), begun.argument(), block);
    var recorded =
        new RecordedEvent.Ioctl(
            caller.by(),
            begun.fd(),
            begun.file(),
            kinds.get(begun.file()),
            known.map(Request::name).orElse(""),
            begun.request().number(),
            begun.argument(),
            unreachable ? new byte[0] : block,
            changed && !unreachable ? after : null,
            ofBlock(event.inputs(), known),
            event.outputs(),
            unreachable ? List.of() : after(caller, begun.data()),
            begun.memory(),
            begun.descriptors(),
            given,
            false,
            result,
            nanos);
    return new Ended(new TracedCall(caller.by().tid(), begun.request(), ofKernel(event)), recorded);
  }

  private static List<RecordedEvent.Data> after(Caller caller, List<RecordedEvent.Data> before) {
    return before.stream()
        .map(one -> {
          byte[] now = one.use().after() ? bytes(caller, one.address(), one.bytes()) : null;
          return new RecordedEvent.Data(
              one.field(), one.address(), one.bytes(), one.use(), one.before(), now);
        })
        .toList();
  }

  /**
   * Without the leading inputs that a recording has apart: the descriptor, the number of an unknown
   * request, and an argument that is no block.
   */
  private static List<TraceField> ofBlock(List<TraceField> inputs, Optional<Request> known) {
    boolean block = known.map(Request::structBytes).orElse(0L) > 0;
    int apart = 1 + (known.isEmpty() ? 1 : 0) + (block ? 0 : 1);
    return inputs.subList(Math.min(apart, inputs.size()), inputs.size());
  }

  private TraceEvent ofKernel(TraceEvent event) {
    return new TraceEvent(
        backend,
        event.call(),
        event.name(),
        event.inputs(),
        event.outputs(),
        event.result(),
        event.nanos());
  }

  /** The iommufd whose ids a request speaks of. */
  private int scope(Begun begun) {
    return iommufdOf.getOrDefault(begun.file(), begun.file());
  }

  private static byte @Nullable [] block(Caller caller, Optional<Request> known, long argument) {
    long struct = known.map(Request::structBytes).orElse(0L);
    if (known.isPresent() && struct == 0) {
      return null;
    }
    byte[] size = bytes(caller, argument, Integer.BYTES);
    if (size.length < Integer.BYTES) {
      return known.isPresent() ? new byte[0] : null;
    }
    long told = new BlockField("size", 0, Integer.BYTES).get(size);
    return bytes(caller, argument, Math.max(struct, Math.min(told, MOST_BLOCK)));
  }

  /** True when a block lies wholly in memory that may be written. */
  private static boolean writable(int pid, long address, byte[] block) {
    long told = block.length < Integer.BYTES ? 0 : new BlockField("size", 0, 4).get(block);
    long end = address + Math.max(block.length, Math.min(told, MOST_BLOCK));
    long at = address;
    for (HostMaps.Line line : HostMaps.between(pid, address, end)) {
      if (line.start() > at || !line.readable() || !line.writable()) {
        return false;
      }
      at = line.end();
    }
    return at >= end;
  }

  /** {@return bytes of a program's memory, as many as can be read} */
  static byte[] bytes(Caller caller, long address, long count) {
    return count <= 0 ? new byte[0] : caller.read(address, count).toArray(ValueLayout.JAVA_BYTE);
  }

  private static List<RecordedEvent.Data> data(Caller caller, List<RequestParts.Pointer> pointers) {
    var data = new ArrayList<RecordedEvent.Data>();
    for (RequestParts.Pointer one : pointers) {
      if (one.use() != RequestParts.Use.PINNED) {
        byte[] before = one.use().before() ? bytes(caller, one.address(), one.bytes()) : null;
        data.add(
            new RecordedEvent.Data(
                one.at().name(), one.address(), one.bytes(), one.use(), before, null));
      }
    }
    return data;
  }

  /** Requests whose argument is a string or a descriptor, or points to one. */
  private static List<RecordedEvent.Data> withoutBlock(
      Caller caller, Request request, long argument, List<RecordedEvent.Descriptor> descriptors) {
    return switch (request) {
      case VFIO_GROUP_GET_DEVICE_FD -> {
        byte[] name = bytes(caller, argument, MOST_NAME);
        int end = 0;
        while (end < name.length && name[end] != 0) {
          end++;
        }
        byte[] whole = Arrays.copyOf(name, Math.min(name.length, end + 1));
        yield List.of(argument(argument, whole));
      }
      case VFIO_GROUP_SET_CONTAINER -> {
        byte[] fd = bytes(caller, argument, Integer.BYTES);
        if (fd.length == Integer.BYTES) {
          int number = (int) new BlockField(ARGUMENT, 0, Integer.BYTES).get(fd);
          descriptors.add(descriptor(caller, ARGUMENT, number));
        }
        yield List.of(argument(argument, fd));
      }
      default -> List.of();
    };
  }

  private static RecordedEvent.Data argument(long address, byte[] bytes) {
    return new RecordedEvent.Data(
        ARGUMENT, address, bytes.length, RequestParts.Use.READ, bytes, null);
  }

  private List<RecordedEvent.Memory> memory(int pid, List<RequestParts.Pointer> pointers) {
    var memory = new ArrayList<RecordedEvent.Memory>();
    for (RequestParts.Pointer one : pointers) {
      long end = (one.address() + one.bytes() + PAGE - 1) & -PAGE;
      long start = one.address() & -PAGE;
      if (one.use() != RequestParts.Use.PINNED || start < 0 || end <= start) {
        continue;
      }
      for (HostMaps.Line line : HostMaps.between(pid, start, end)) {
        long from = Math.max(start, line.start());
        memory.add(stretch(pid, line, from, Math.min(end, line.end()) - from));
      }
    }
    return memory;
  }

  private RecordedEvent.Memory stretch(int pid, HostMaps.Line line, long from, long bytes) {
    if (line.shared()) {
      for (Mapped one : mapped) {
        if (one.pid() == pid && one.start() <= from && from < one.end()) {
          long offset = one.offset() + from - one.start();
          return new RecordedEvent.Memory(from, bytes, line.permissions(), one.file(), offset);
        }
      }
    }
    return new RecordedEvent.Memory(from, bytes, line.permissions(), RecordedEvent.NO_FILE, 0);
  }

  private static RecordedEvent.Descriptor descriptor(Caller caller, String field, int fd) {
    int file = caller.file(fd);
    if (file != RecordedEvent.NO_FILE) {
      return new RecordedEvent.Descriptor(field, fd, "recorded", file, "", 0);
    }
    String name = caller.name(fd);
    if (name.isEmpty()) {
      return new RecordedEvent.Descriptor(field, fd, "closed", file, "", 0);
    }
    if (name.contains("[eventfd]")) {
      return new RecordedEvent.Descriptor(field, fd, "eventfd", file, "", 0);
    }
    var path = Path.of("/proc", Integer.toString(caller.by().pid()), "fd", Integer.toString(fd));
    try {
      if (Files.isRegularFile(path)) {
        String inode =
            Files.getAttribute(path, "unix:dev") + ":" + Files.getAttribute(path, "unix:ino");
        return new RecordedEvent.Descriptor(field, fd, "memory", file, inode, Files.size(path));
      }
    } catch (IOException gone) {
      // As a file of no known kind.
    }
    return new RecordedEvent.Descriptor(field, fd, "other", file, "", 0);
  }

  private static List<RecordedEvent.Given> given(
      Caller caller, Request request, byte @Nullable [] block, long result) {
    var given = new ArrayList<RecordedEvent.Given>();
    byte[] fields = block == null ? new byte[0] : block;
    RequestParts.newFile(request, fields)
        .ifPresent(kind -> {
          int file = caller.newFile((int) result, kind);
          given.add(new RecordedEvent.Given("", (int) result, file, kind));
        });
    for (BlockField field : BlockField.of(request)) {
      RequestParts.newFile(field)
          .ifPresent(kind -> {
            int fd = (int) field.get(fields);
            given.add(new RecordedEvent.Given(field.name(), fd, caller.newFile(fd, kind), kind));
          });
    }
    return given;
  }
}
