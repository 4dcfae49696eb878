// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.replay;

import io.iommufd4j.exec.record.BlockField;
import io.iommufd4j.exec.record.RecordedEvent;
import io.iommufd4j.exec.record.RecordedKind;
import io.iommufd4j.exec.record.RequestParts;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.FileKind;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes recorded requests again: ids, descriptors and addresses as they are now go in, and what
 * comes back is compared with what came back then.
 */
final class RequestReplay {

  /** {@code VFIO_PCI_HOT_RESET_FLAG_DEV_ID}. */
  private static final int WITH_DEVICE_IDS = 1;

  private static final int DEPENDENT_BYTES = 8;

  private final Kernel kernel;
  private final ReplayDescriptors descriptors;
  private final ReplayMemory memory;
  private final ReplayIds ids = new ReplayIds();

  RequestReplay(Kernel kernel, ReplayDescriptors descriptors, ReplayMemory memory) {
    this.kernel = kernel;
    this.descriptors = descriptors;
    this.memory = memory;
  }

  void closed(int file) {
    ids.forget(file);
  }

  /** A request, with the buffers that stand for what it points to. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Made(
      RecordedEvent.Ioctl recorded,
      Optional<Request> request,
      byte[] before,
      Map<RecordedEvent.Data, MemorySegment> data) {}

  Optional<ReplayDifference> play(RecordedEvent.Ioctl recorded, int line) {
    if (recorded.file() == RecordedEvent.NO_FILE && recorded.result() != Errno.EBADF.negated()) {
      return Optional.empty(); // Of a file that this does not know.
    }
    if (recorded.fault()) {
      return Optional.empty(); // It has reached no kernel.
    }
    RecordedKind kind = recorded.kind();
    Optional<Request> request =
        Request.find(recorded.number(), kind == null ? FileKind.UNKNOWN : kind.requests());
    byte[] recordedBlock = recorded.block();
    byte[] before = recordedBlock == null ? new byte[0] : recordedBlock;
    try (var arena = Arena.ofConfined()) {
      var made = new Made(recorded, request, before, data(recorded, arena));
      byte[] now = translated(made);
      MemorySegment block = block(made, now, arena);
      int result = kernel.ioctl(descriptors.of(recorded.file()), recorded.number(), block);
      if (before.length > 0) {
        now = block.asSlice(0, before.length).toArray(ValueLayout.JAVA_BYTE);
      }
      keep(made, result, now);
      return difference(made, line, result, now);
    }
  }

  private static Map<RecordedEvent.Data, MemorySegment> data(
      RecordedEvent.Ioctl recorded, Arena arena) {
    var data = new HashMap<RecordedEvent.Data, MemorySegment>();
    for (RecordedEvent.Data one : recorded.data()) {
      byte[] before = one.before();
      byte[] after = one.after();
      boolean there =
          (before == null || before.length == one.bytes())
              && (after == null || after.length == one.bytes());
      if (there) {
        MemorySegment buffer = arena.allocate(Math.max(1, one.bytes()), Long.BYTES);
        if (before != null) {
          MemorySegment.copy(before, 0, buffer, ValueLayout.JAVA_BYTE, 0, before.length);
        }
        data.put(one, buffer);
      }
    }
    return data;
  }

  private MemorySegment block(Made made, byte[] now, Arena arena) {
    if (now.length > 0) {
      MemorySegment block = arena.allocate(now.length, Long.BYTES);
      MemorySegment.copy(now, 0, block, ValueLayout.JAVA_BYTE, 0, now.length);
      return block;
    }
    for (Map.Entry<RecordedEvent.Data, MemorySegment> one : made.data().entrySet()) {
      for (RecordedEvent.Descriptor fd : made.recorded().descriptors()) {
        int here = descriptors.of(made.recorded().by().pid(), fd);
        one.getValue().set(ValueLayout.JAVA_INT, 0, here);
      }
      return one.getValue();
    }
    return MemorySegment.ofAddress(
        made.recorded().block() == null ? made.recorded().argument() : ReplayMemory.NOWHERE);
  }

  /** The block with what it means here. */
  private byte[] translated(Made made) {
    byte[] block = made.before().clone();
    if (made.request().isEmpty() || block.length == 0) {
      return block;
    }
    Request request = made.request().get();
    RecordedEvent.Ioctl recorded = made.recorded();
    int pid = recorded.by().pid();
    for (BlockField field : BlockField.of(request)) {
      if (RequestParts.isId(request, field)) {
        field.set(block, ids.now(scope(made), (int) field.get(block)));
      }
    }
    for (BlockField field : RequestParts.descriptors(request, made.before())) {
      for (RecordedEvent.Descriptor one : recorded.descriptors()) {
        if (one.field().equals(field.name())) {
          field.set(block, descriptors.of(pid, one));
        }
      }
    }
    for (RequestParts.Pointer pointer : RequestParts.pointers(request, made.before())) {
      pointer.at().set(block, address(made, pointer));
    }
    return block;
  }

  private long address(Made made, RequestParts.Pointer pointer) {
    if (pointer.use() == RequestParts.Use.PINNED) {
      return memory.address(made.recorded().by().pid(), pointer.address());
    }
    for (Map.Entry<RecordedEvent.Data, MemorySegment> one : made.data().entrySet()) {
      if (one.getKey().field().equals(pointer.at().name())) {
        return one.getValue().address();
      }
    }
    return ReplayMemory.NOWHERE;
  }

  /** The file whose ids the request speaks of. */
  private static int scope(Made made) {
    if (made.request().equals(Optional.of(Request.VFIO_DEVICE_BIND_IOMMUFD))) {
      for (RecordedEvent.Descriptor one : made.recorded().descriptors()) {
        return one.file();
      }
    }
    return made.recorded().file();
  }

  /** Remembers what the kernel made. */
  private void keep(Made made, int result, byte[] now) {
    RecordedEvent.Ioctl recorded = made.recorded();
    for (RecordedEvent.Given given : recorded.given()) {
      if (result >= 0 && given.field().isEmpty()) {
        descriptors.opened(given.file(), result);
      }
    }
    if (made.request().isEmpty() || result < 0 || recorded.result() < 0) {
      return;
    }
    Request request = made.request().get();
    byte[] then = after(recorded);
    for (BlockField field : BlockField.of(request)) {
      int id = (int) field.get(then);
      if (RequestParts.isNewId(field)
          || (RequestParts.isId(request, field) && id != (int) field.get(made.before()))) {
        ids.learn(scope(made), id, (int) field.get(now));
      }
      for (RecordedEvent.Given given : recorded.given()) {
        if (given.field().equals(field.name())) {
          descriptors.opened(given.file(), (int) field.get(now));
        }
      }
    }
    if (request == Request.VFIO_DEVICE_BIND_IOMMUFD) {
      ids.bind(recorded.file(), scope(made));
    }
  }

  private static byte[] after(RecordedEvent.Ioctl recorded) {
    byte[] after = recorded.after();
    byte[] block = recorded.block();
    return after != null ? after : block == null ? new byte[0] : block;
  }

  private Optional<ReplayDifference> difference(Made made, int line, int result, byte[] now) {
    RecordedEvent.Ioctl recorded = made.recorded();
    String call =
        made.request()
            .map(Request::name)
            .orElse("ioctl 0x" + Integer.toHexString(recorded.number()));
    boolean descriptor = recorded.given().stream().anyMatch(given -> given.field().isEmpty());
    Optional<ReplayDifference> answers =
        descriptor
            ? Replay.errno(line, call, recorded.result(), result)
            : Replay.answer(line, call, recorded.result(), result);
    if (answers.isPresent()) {
      return answers;
    }
    Optional<ReplayDifference> fields = fields(made, line, call, now);
    return fields.isPresent() ? fields : data(made, line, call);
  }

  private Optional<ReplayDifference> fields(Made made, int line, String call, byte[] now) {
    byte[] then = after(made.recorded());
    var rest = new BitSet();
    rest.set(0, then.length);
    return made.request()
        .flatMap(request -> named(made, request, rest, line, call, now))
        .or(() ->
            rest.stream()
                .filter(i -> then[i] != now[i])
                .mapToObj(i ->
                    new ReplayDifference(
                        line, call, "byte " + i, hex(then[i] & 0xff), hex(now[i] & 0xff)))
                .findFirst());
  }

  /** By the fields that the request has; takes their bytes out of the rest. */
  private Optional<ReplayDifference> named(
      Made made, Request request, BitSet rest, int line, String call, byte[] now) {
    byte[] then = after(made.recorded());
    own(request, made.before(), then).forEach(field -> forget(rest, field));
    for (BlockField field : BlockField.of(request)) {
      if (!rest.get(field.offset()) || field.offset() + field.width() > then.length) {
        continue;
      }
      forget(rest, field);
      long recorded = field.get(then);
      long expected =
          RequestParts.isId(request, field)
              ? Integer.toUnsignedLong(ids.now(scope(made), (int) recorded))
              : recorded;
      if (expected != field.get(now)) {
        return Optional.of(
            new ReplayDifference(line, call, field.name(), hex(recorded), hex(field.get(now))));
      }
    }
    return Optional.empty();
  }

  private static void forget(BitSet rest, BlockField field) {
    rest.clear(field.offset(), field.offset() + field.width());
  }

  /** The fields with what means something to one kernel and process alone. */
  private static List<BlockField> own(Request request, byte[] before, byte[] after) {
    var own = new ArrayList<>(RequestParts.descriptors(request, before));
    RequestParts.pointers(request, before).forEach(pointer -> own.add(pointer.at()));
    for (BlockField field : BlockField.of(request)) {
      if (RequestParts.isNewId(field)
          || RequestParts.isPlace(field)
          || RequestParts.newFile(field).isPresent()) {
        own.add(field);
      }
    }
    if (request == Request.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO
        && (RequestParts.value(request, after, "flags") & WITH_DEVICE_IDS) != 0) {
      for (int at = (int) request.structBytes(); at < after.length; at += DEPENDENT_BYTES) {
        own.add(new BlockField("devid", at, Integer.BYTES));
      }
    }
    return own;
  }

  private static Optional<ReplayDifference> data(Made made, int line, String call) {
    for (Map.Entry<RecordedEvent.Data, MemorySegment> one : made.data().entrySet()) {
      byte[] then = one.getKey().after();
      if (then != null && made.recorded().result() >= 0) {
        byte[] now = one.getValue().asSlice(0, then.length).toArray(ValueLayout.JAVA_BYTE);
        String field = one.getKey().field();
        Optional<ReplayDifference> difference = firstByte(line, call, field, then, now);
        if (difference.isPresent()) {
          return difference;
        }
      }
    }
    return Optional.empty();
  }

  /** The first byte that differs; what one of the two lacks does not count. */
  static Optional<ReplayDifference> firstByte(
      int line, String call, String field, byte[] then, byte[] now) {
    for (int i = 0; i < Math.min(then.length, now.length); i++) {
      if (then[i] != now[i]) {
        return Optional.of(
            new ReplayDifference(
                line, call, field + "[" + i + "]", hex(then[i] & 0xff), hex(now[i] & 0xff)));
      }
    }
    return Optional.empty();
  }

  private static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }
}
