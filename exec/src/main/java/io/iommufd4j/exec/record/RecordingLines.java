// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.record;

import com.fasterxml.jackson.jr.ob.JSON;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.TraceField;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a recording: one JSON object each. Addresses, offsets and flags are strings in
 * hexadecimal, bytes two digits each without blanks. Every key of an event is there; what there is
 * not is null.
 */
public final class RecordingLines {

  private static final JSON FORMAT = JSON.std.with(JSON.Feature.WRITE_NULL_PROPERTIES);

  private RecordingLines() {}

  /**
   * {@return the first line}
   *
   * @param header what it says
   */
  public static String of(RecordingHeader header) {
    var line = new LinkedHashMap<String, @Nullable Object>();
    line.put("recording", RecordingHeader.FORMAT);
    line.put("version", RecordingHeader.VERSION);
    line.put("kernel", header.kernel());
    line.put("release", header.release());
    line.put("machine", header.machine().orElse(null));
    line.put("iommus", header.iommus());
    var devices = new ArrayList<Map<String, @Nullable Object>>();
    for (RecordingHeader.Device one : header.devices()) {
      var device = new LinkedHashMap<String, @Nullable Object>();
      device.put("device", one.address());
      device.put("driver", one.driver());
      device.put("group", one.group() < 0 ? null : one.group());
      devices.add(device);
    }
    line.put("devices", devices);
    line.put("unsafe_interrupts", header.unsafeInterrupts());
    line.put(
        "locked_bytes",
        header.lockedBytes().isPresent() ? hex(header.lockedBytes().getAsLong()) : null);
    line.put("command", header.command());
    return text(line);
  }

  /**
   * {@return the line of an event}
   *
   * @param event what it says
   */
  public static String of(RecordedEvent event) {
    var line = new LinkedHashMap<String, @Nullable Object>();
    line.put("event", name(event));
    line.put("pid", event.by().pid());
    line.put("tid", event.by().tid());
    switch (event) {
      case RecordedEvent.Open open -> {
        line.put("path", open.path());
        line.put("device", open.device().orElse(null));
        line.put("flags", hex(Integer.toUnsignedLong(open.flags())));
        line.put("file", file(open.file()));
        line.put("kind", open.kind().word());
        answer(line, open.result(), open.nanos());
      }
      case RecordedEvent.Close close -> line.put("file", file(close.file()));
      case RecordedEvent.Ioctl ioctl -> put(line, ioctl);
      case RecordedEvent.Transfer transfer -> {
        line.put("file", file(transfer.file()));
        line.put("offset", transfer.offset() < 0 ? null : hex(transfer.offset()));
        line.put("bytes", transfer.bytes());
        line.put("data", bytes(transfer.data()));
        answer(line, transfer.result(), transfer.nanos());
      }
      case RecordedEvent.Mmap mmap -> {
        line.put("file", file(mmap.file()));
        line.put("bytes", hex(mmap.bytes()));
        line.put("protection", hex(mmap.protection()));
        line.put("flags", hex(Integer.toUnsignedLong(mmap.flags())));
        line.put("offset", hex(mmap.offset()));
        line.put("address", mmap.result() < 0 ? null : hex(mmap.result()));
        answer(line, Math.min(mmap.result(), 0), mmap.nanos());
      }
      case RecordedEvent.Attribute attribute -> {
        line.put("path", attribute.path());
        line.put("text", attribute.text());
        answer(line, attribute.result(), attribute.nanos());
      }
    }
    return text(line);
  }

  private static String name(RecordedEvent event) {
    return switch (event) {
      case RecordedEvent.Open _ -> "open";
      case RecordedEvent.Close _ -> "close";
      case RecordedEvent.Ioctl _ -> "ioctl";
      case RecordedEvent.Transfer transfer -> transfer.call();
      case RecordedEvent.Mmap _ -> "mmap";
      case RecordedEvent.Attribute _ -> "attribute";
    };
  }

  private static void put(Map<String, @Nullable Object> line, RecordedEvent.Ioctl ioctl) {
    line.put("fd", ioctl.fd());
    line.put("file", file(ioctl.file()));
    RecordedKind kind = ioctl.kind();
    line.put("kind", kind == null ? null : kind.word());
    line.put("request", ioctl.request().isEmpty() ? null : ioctl.request());
    line.put("number", hex(Integer.toUnsignedLong(ioctl.number())));
    line.put("direction", direction(ioctl));
    line.put("argument", hex(ioctl.argument()));
    line.put("fields", fields(ioctl.fields()));
    line.put("changed", fields(ioctl.changed()));
    line.put("block", bytes(ioctl.block()));
    line.put("after", bytes(ioctl.after()));
    line.put("data", ioctl.data().stream().map(RecordingLines::data).toList());
    line.put("memory", ioctl.memory().stream().map(RecordingLines::memory).toList());
    line.put("descriptors", ioctl.descriptors().stream().map(RecordingLines::descriptor).toList());
    line.put("given", ioctl.given().stream().map(RecordingLines::given).toList());
    line.put("fault", ioctl.fault());
    answer(line, ioctl.result(), ioctl.nanos());
  }

  private static String direction(RecordedEvent.Ioctl ioctl) {
    if (ioctl.block() == null) {
      return "none";
    }
    boolean writes = ioctl.data().stream().anyMatch(data -> data.after() != null);
    return ioctl.after() == null && !writes ? "in" : "in-out";
  }

  private static Map<String, Object> fields(List<TraceField> fields) {
    var named = new LinkedHashMap<String, Object>();
    fields.forEach(field -> named.put(field.name(), field.value()));
    return named;
  }

  private static Map<String, @Nullable Object> data(RecordedEvent.Data data) {
    var object = new LinkedHashMap<String, @Nullable Object>();
    object.put("field", data.field());
    object.put("address", hex(data.address()));
    object.put("bytes", data.bytes());
    object.put("use", data.use().name().toLowerCase(Locale.ROOT));
    object.put("before", bytes(data.before()));
    object.put("after", bytes(data.after()));
    return object;
  }

  private static Map<String, @Nullable Object> memory(RecordedEvent.Memory memory) {
    var object = new LinkedHashMap<String, @Nullable Object>();
    object.put("address", hex(memory.address()));
    object.put("bytes", hex(memory.bytes()));
    object.put("access", memory.access());
    object.put("file", file(memory.file()));
    object.put("offset", hex(memory.offset()));
    return object;
  }

  private static Map<String, @Nullable Object> descriptor(RecordedEvent.Descriptor descriptor) {
    var object = new LinkedHashMap<String, @Nullable Object>();
    object.put("field", descriptor.field());
    object.put("fd", descriptor.fd());
    object.put("is", descriptor.is());
    object.put("file", file(descriptor.file()));
    object.put("name", descriptor.name().isEmpty() ? null : descriptor.name());
    object.put("bytes", hex(descriptor.bytes()));
    return object;
  }

  private static Map<String, @Nullable Object> given(RecordedEvent.Given given) {
    var object = new LinkedHashMap<String, @Nullable Object>();
    object.put("field", given.field().isEmpty() ? null : given.field());
    object.put("fd", given.fd());
    object.put("file", file(given.file()));
    object.put("kind", given.kind().word());
    return object;
  }

  private static void answer(Map<String, @Nullable Object> line, long result, long nanos) {
    line.put("result", result);
    line.put("errno", result < 0 ? Errno.name((int) result) : null);
    line.put("nanos", nanos);
  }

  private static @Nullable Integer file(int number) {
    return number == RecordedEvent.NO_FILE ? null : number;
  }

  static String hex(long number) {
    return "0x" + Long.toHexString(number);
  }

  private static @Nullable String bytes(byte @Nullable [] bytes) {
    return bytes == null ? null : HexFormat.of().formatHex(bytes);
  }

  private static String text(Map<String, @Nullable Object> line) {
    try {
      return FORMAT.asString(line);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
