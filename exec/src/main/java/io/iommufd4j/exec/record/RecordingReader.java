// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.record;

import io.iommufd4j.exec.record.RequestParts.Use;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Reads a recording. What only people need (fields and what changed) is not looked at. */
public final class RecordingReader {

  private static final Map<String, RecordedKind> KINDS =
      Stream.of(RecordedKind.values())
          .collect(Collectors.toUnmodifiableMap(RecordedKind::word, kind -> kind));

  /** The most bytes of a block, of which the kernel takes a page at most. */
  private static final int MOST_BLOCK = 1 << 16;

  /** The most bytes of one stretch of memory: 4 TiB. */
  private static final long MOST_MEMORY = 1L << 42;

  /** The files that are open, with the line that opened each. */
  private final Map<Integer, Integer> open = new HashMap<>();

  private RecordingReader() {}

  /**
   * Reads to the end.
   *
   * @param from the text
   * @return the recording
   * @throws BadRecordingException when a line is not what it has to be
   * @throws IOException when the text cannot be read
   */
  public static Recording read(BufferedReader from) throws IOException {
    String first = from.readLine();
    if (first == null) {
      throw new BadRecordingException(1, "the file is empty");
    }
    RecordingHeader header = header(JsonLine.parse(1, first));
    var reader = new RecordingReader();
    var events = new ArrayList<RecordedEvent>();
    int number = Recording.FIRST_LINE;
    for (String line = from.readLine(); line != null; line = from.readLine()) {
      events.add(reader.event(JsonLine.parse(number, line), number));
      number++;
    }
    return new Recording(header, events);
  }

  private static RecordingHeader header(JsonLine line) {
    String format = line.textOrNull("recording");
    if (!RecordingHeader.FORMAT.equals(format)) {
      throw line.bad("no recording: \"recording\" does not say " + RecordingHeader.FORMAT);
    }
    if (line.number("version") != RecordingHeader.VERSION) {
      throw line.bad(
          "version "
              + line.number("version")
              + " of the format; this reads "
              + RecordingHeader.VERSION);
    }
    return new RecordingHeader(
        line.text("kernel"),
        line.text("release"),
        Optional.ofNullable(line.textOrNull("machine")),
        line.texts("iommus"),
        line.list("devices", RecordingReader::device),
        line.flag("unsafe_interrupts"),
        line.textOrNull("locked_bytes") == null
            ? OptionalLong.empty()
            : OptionalLong.of(line.size("locked_bytes")),
        line.texts("command"));
  }

  private static RecordingHeader.Device device(JsonLine line) {
    return new RecordingHeader.Device(
        line.text("device"),
        line.text("driver"),
        line.file("group") == RecordedEvent.NO_FILE ? -1 : line.file("group"));
  }

  private RecordedEvent event(JsonLine line, int number) {
    var by =
        new RecordedEvent.By(
            line.number("pid", 0, Integer.MAX_VALUE), line.number("tid", 0, Integer.MAX_VALUE));
    String event = line.text("event");
    return switch (event) {
      case "open" -> open(line, by, number);
      case "close" -> {
        int file = known(line, line.file("file"));
        open.remove(file);
        yield new RecordedEvent.Close(by, file);
      }
      case "ioctl" -> ioctl(line, by, number);
      case "read", "write", "pread", "pwrite" -> transfer(line, by, event);
      case "mmap" -> {
        long refused = line.number("result");
        yield new RecordedEvent.Mmap(
            by,
            known(line, line.file("file")),
            line.size("bytes"),
            line.hex32("protection"),
            line.hex32("flags"),
            line.hex("offset"),
            refused < 0 ? refused : line.hex("address"),
            line.number("nanos"));
      }
      case "attribute" ->
          new RecordedEvent.Attribute(
              by, line.text("path"), line.text("text"), result(line), line.number("nanos"));
      default -> throw line.bad("no event is called '" + event + "'");
    };
  }

  private static long result(JsonLine line) {
    return line.number("result", -4095, Integer.MAX_VALUE);
  }

  private RecordedEvent open(JsonLine line, RecordedEvent.By by, int number) {
    long result = result(line);
    int file = line.file("file");
    if (result < 0 != (file == RecordedEvent.NO_FILE)) {
      throw line.bad("\"file\" has a number when \"result\" is no error, and then only");
    }
    opens(line, file, number);
    return new RecordedEvent.Open(
        by,
        line.text("path"),
        Optional.ofNullable(line.textOrNull("device")),
        line.hex32("flags"),
        file,
        kind(line),
        result,
        line.number("nanos"));
  }

  private void opens(JsonLine line, int file, int number) {
    Integer before = file == RecordedEvent.NO_FILE ? null : open.putIfAbsent(file, number);
    if (before != null) {
      throw line.bad("file " + file + " is open since line " + before);
    }
  }

  private int known(JsonLine line, int file) {
    if (!open.containsKey(file)) {
      throw line.bad("no line before opens file " + file);
    }
    return file;
  }

  private static RecordedKind kind(JsonLine line) {
    RecordedKind kind = KINDS.get(line.text("kind"));
    if (kind == null) {
      throw line.bad("no kind of file is called '" + line.text("kind") + "'");
    }
    return kind;
  }

  private RecordedEvent transfer(JsonLine line, RecordedEvent.By by, String call) {
    boolean positioned = call.startsWith("p");
    long bytes = line.number("bytes", 0, 1 << 30);
    byte[] data = line.bytes("data");
    if (data.length > bytes) {
      throw line.bad("\"data\" has more bytes than \"bytes\" says");
    }
    return new RecordedEvent.Transfer(
        by,
        call,
        known(line, line.file("file")),
        positioned ? line.hex("offset") : -1,
        bytes,
        data,
        result(line),
        line.number("nanos"));
  }

  private RecordedEvent ioctl(JsonLine line, RecordedEvent.By by, int number) {
    int file = line.file("file");
    String request = line.textOrNull("request");
    byte[] block = line.bytesOrNull("block");
    byte[] after = line.bytesOrNull("after");
    if (block != null && block.length > MOST_BLOCK) {
      throw line.bad("\"block\" has more than " + MOST_BLOCK + " bytes");
    }
    if (after != null && (block == null || after.length != block.length)) {
      throw line.bad("\"after\" is not as long as \"block\"");
    }
    List<RecordedEvent.Given> given = line.list("given", RecordingReader::given);
    given.forEach(one -> opens(line, one.file(), number));
    return new RecordedEvent.Ioctl(
        by,
        line.number("fd", Integer.MIN_VALUE, Integer.MAX_VALUE),
        file == RecordedEvent.NO_FILE ? file : known(line, file),
        line.textOrNull("kind") == null ? null : kind(line),
        request == null ? "" : request,
        line.hex32("number"),
        line.hex("argument"),
        block,
        after,
        List.of(),
        List.of(),
        line.list("data", RecordingReader::data),
        line.list("memory", this::memory),
        line.list("descriptors", RecordingReader::descriptor),
        given,
        line.flag("fault"),
        result(line),
        line.number("nanos"));
  }

  private static RecordedEvent.Given given(JsonLine line) {
    String field = line.textOrNull("field");
    return new RecordedEvent.Given(
        field == null ? "" : field,
        line.number("fd", 0, Integer.MAX_VALUE),
        line.number("file", 1, Integer.MAX_VALUE),
        kind(line));
  }

  private static RecordedEvent.Data data(JsonLine line) {
    Use use =
        Stream.of(Use.values())
            .filter(one -> one.name().toLowerCase(Locale.ROOT).equals(line.text("use")))
            .findFirst()
            .orElseThrow(() -> line.bad("\"use\" is none that there is"));
    return new RecordedEvent.Data(
        line.text("field"),
        line.hex("address"),
        line.number("bytes", 0, 1 << 20),
        use,
        line.bytesOrNull("before"),
        line.bytesOrNull("after"));
  }

  private RecordedEvent.Memory memory(JsonLine line) {
    int file = line.file("file");
    long bytes = line.size("bytes");
    long address = line.hex("address");
    if (bytes > MOST_MEMORY || address < 0 || address + bytes < 0) {
      throw line.bad("\"memory\" lies beyond what a process has");
    }
    return new RecordedEvent.Memory(
        address,
        bytes,
        line.text("access"),
        file == RecordedEvent.NO_FILE ? file : known(line, file),
        line.hex("offset"));
  }

  private static RecordedEvent.Descriptor descriptor(JsonLine line) {
    String name = line.textOrNull("name");
    return new RecordedEvent.Descriptor(
        line.text("field"),
        line.number("fd", Integer.MIN_VALUE, Integer.MAX_VALUE),
        line.text("is"),
        line.file("file"),
        name == null ? "" : name,
        line.size("bytes"));
  }
}
