// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.program;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** One system call of a program, or one store of the program itself. Its text is one line. */
public sealed interface Step {

  /** {@code open(2)} of {@code /dev/iommu}. */
  record OpenIommufd(int file) implements Step {
    @Override
    public String toString() {
      return "iommufd @" + file;
    }
  }

  /** {@code open(2)} of a device's node; devices are counted in the order of their addresses. */
  record OpenDevice(int file, int device) implements Step {
    @Override
    public String toString() {
      return "device @" + file + " " + device;
    }
  }

  /** {@code open(2)} of the node of a device's group. */
  record OpenGroup(int file, int device) implements Step {
    @Override
    public String toString() {
      return "group @" + file + " " + device;
    }
  }

  /** {@code open(2)} of {@code /dev/vfio/vfio}. */
  record OpenContainer(int file) implements Step {
    @Override
    public String toString() {
      return "container @" + file;
    }
  }

  /** {@code memfd_create(2)} and {@code ftruncate(2)}. */
  record OpenMemfd(int file, long bytes) implements Step {
    @Override
    public String toString() {
      return "memfd @" + file + " " + new Value.Literal(bytes);
    }
  }

  /** {@code eventfd(2)}, whose reads do not wait. */
  record OpenEventfd(int file) implements Step {
    @Override
    public String toString() {
      return "eventfd @" + file;
    }
  }

  /** {@code dup(2)}. */
  record Dup(int file, int of) implements Step {
    @Override
    public String toString() {
      return "dup @" + file + " @" + of;
    }
  }

  /** {@code close(2)}. */
  record Close(int file) implements Step {
    @Override
    public String toString() {
      return "close @" + file;
    }
  }

  /**
   * {@code ioctl(2)} with a block: zero but for its fields.
   *
   * @param name the request's name, or its number
   */
  record Ioctl(int file, String name, List<Field> fields, List<Output> outputs) implements Step {
    public Ioctl {
      fields = List.copyOf(fields);
      outputs = List.copyOf(outputs);
    }

    @Override
    public String toString() {
      var text = new StringBuilder("ioctl @" + file + " " + name);
      for (Field field : fields) {
        text.append(' ')
            .append(BlockNames.text(name, field.offset(), field.width()))
            .append('=')
            .append(field.value());
      }
      for (Output output : outputs) {
        text.append(' ')
            .append(output.place(name))
            .append('>')
            .append(output.file() ? "@" : "#")
            .append(output.slot());
      }
      return text.toString();
    }
  }

  /** {@code ioctl(2)} with an integer, or an address that is no block. */
  record Plain(int file, String name, Value argument) implements Step {
    @Override
    public String toString() {
      return "plain @" + file + " " + name + " " + argument;
    }
  }

  /** The program writes 64-bit words to its own memory. */
  record Store(Value.Address at, List<Value> words) implements Step {
    public Store {
      words = List.copyOf(words);
    }

    @Override
    public String toString() {
      return "store " + at + words.stream().map(w -> " " + w).collect(Collectors.joining());
    }
  }

  /** {@code read(2)}. */
  record Read(int file, int bytes) implements Step {
    @Override
    public String toString() {
      return "read @" + file + " " + bytes;
    }
  }

  /** {@code write(2)} of 32-bit words, the last one cut short when {@code bytes} says so. */
  record Write(int file, int bytes, List<Value> words) implements Step {
    public Write {
      words = List.copyOf(words);
    }

    @Override
    public String toString() {
      return "write @"
          + file
          + " "
          + bytes
          + words.stream().map(w -> " " + w).collect(Collectors.joining());
    }
  }

  /** {@code pread(2)}. */
  record ReadAt(int file, int bytes, long offset) implements Step {
    @Override
    public String toString() {
      return "pread @" + file + " " + bytes + " " + new Value.Literal(offset);
    }
  }

  /** {@code pwrite(2)} of up to 8 bytes. */
  record WriteAt(int file, int bytes, long offset, long value) implements Step {
    @Override
    public String toString() {
      return "pwrite @"
          + file
          + " "
          + bytes
          + " "
          + new Value.Literal(offset)
          + " "
          + new Value.Literal(value);
    }
  }

  /** {@code poll(2)} of one descriptor, without waiting. */
  record Poll(int file, int events) implements Step {
    @Override
    public String toString() {
      return "poll @" + file + " " + events;
    }
  }

  /**
   * A device copies memory, by way of its own buffer, and the program waits for it: with two
   * transfers of the edu function's DMA engine.
   *
   * @param from IOVA
   * @param to IOVA
   * @param bytes up to {@value #MOST_DMA_BYTES}
   */
  record Dma(int file, long from, long to, int bytes) implements Step {
    public static final int MOST_DMA_BYTES = 2048;

    @Override
    public String toString() {
      return "dma @"
          + file
          + " "
          + new Value.Literal(from)
          + " "
          + new Value.Literal(to)
          + " "
          + bytes;
    }
  }

  /** The edu function raises an interrupt, which is then acknowledged. */
  record Interrupt(int file) implements Step {
    @Override
    public String toString() {
      return "interrupt @" + file;
    }
  }

  /** A device that nobody has open is taken from vfio-pci, and given back. */
  record Rebind(int device) implements Step {
    @Override
    public String toString() {
      return "rebind " + device;
    }
  }

  /**
   * A device that nobody has open is taken from vfio-pci. EBUSY while another one is: only so do
   * devices keep their numbers.
   */
  record Unbind(int device) implements Step {
    @Override
    public String toString() {
      return "unbind " + device;
    }
  }

  /** The device that was taken from vfio-pci is given back; ENODEV when none was. */
  record BindAgain() implements Step {
    @Override
    public String toString() {
      return "bind";
    }
  }

  /** {@code RLIMIT_MEMLOCK}, and no {@code CAP_IPC_LOCK} until the program ends. */
  record Memlock(long bytes) implements Step {
    @Override
    public String toString() {
      return "memlock " + new Value.Literal(bytes);
    }
  }

  /** {@code mmap(2)}; no file when the slot is negative. */
  record Map(int region, int file, long bytes, int protection, int flags, long offset)
      implements Step {
    @Override
    public String toString() {
      return "mmap &"
          + region
          + " @"
          + file
          + " "
          + new Value.Literal(bytes)
          + " "
          + protection
          + " "
          + flags
          + " "
          + new Value.Literal(offset);
    }
  }

  /** {@code munmap(2)} of a whole region. */
  record Unmap(int region) implements Step {
    @Override
    public String toString() {
      return "munmap &" + region;
    }
  }

  /** Reads what {@code toString} wrote. */
  static Step parse(String line) {
    String[] word = line.strip().split("\\s+");
    return switch (word[0]) {
      case "iommufd" -> new OpenIommufd(slot(word[1]));
      case "device" -> new OpenDevice(slot(word[1]), Integer.parseInt(word[2]));
      case "group" -> new OpenGroup(slot(word[1]), Integer.parseInt(word[2]));
      case "container" -> new OpenContainer(slot(word[1]));
      case "memfd" -> new OpenMemfd(slot(word[1]), Value.number(word[2]));
      case "eventfd" -> new OpenEventfd(slot(word[1]));
      case "dup" -> new Dup(slot(word[1]), slot(word[2]));
      case "close" -> new Close(slot(word[1]));
      case "ioctl" -> ioctl(word);
      case "plain" -> new Plain(slot(word[1]), word[2], Value.parse(word[3]));
      case "store" -> new Store((Value.Address) Value.parse(word[1]), values(word, 2));
      case "read" -> new Read(slot(word[1]), Integer.parseInt(word[2]));
      case "write" -> new Write(slot(word[1]), Integer.parseInt(word[2]), values(word, 3));
      case "pread" -> new ReadAt(slot(word[1]), Integer.parseInt(word[2]), Value.number(word[3]));
      case "pwrite" ->
          new WriteAt(
              slot(word[1]),
              Integer.parseInt(word[2]),
              Value.number(word[3]),
              Value.number(word[4]));
      case "poll" -> new Poll(slot(word[1]), Integer.parseInt(word[2]));
      case "dma" ->
          new Dma(
              slot(word[1]),
              Value.number(word[2]),
              Value.number(word[3]),
              Integer.parseInt(word[4]));
      case "interrupt" -> new Interrupt(slot(word[1]));
      case "rebind" -> new Rebind(Integer.parseInt(word[1]));
      case "unbind" -> new Unbind(Integer.parseInt(word[1]));
      case "bind" -> new BindAgain();
      case "memlock" -> new Memlock(Value.number(word[1]));
      case "mmap" ->
          new Map(
              slot(word[1]),
              slot(word[2]),
              Value.number(word[3]),
              Integer.parseInt(word[4]),
              Integer.parseInt(word[5]),
              Value.number(word[6]));
      case "munmap" -> new Unmap(slot(word[1]));
      default -> throw new IllegalArgumentException("no such step: " + line);
    };
  }

  private static Ioctl ioctl(String[] word) {
    String name = word[2];
    var fields = new ArrayList<Field>();
    var outputs = new ArrayList<Output>();
    for (int i = 3; i < word.length; i++) {
      int equals = word[i].indexOf('=');
      int mark = equals >= 0 ? equals : word[i].indexOf('>');
      String place = word[i].substring(0, mark);
      String text = word[i].substring(mark + 1);
      if (equals >= 0) {
        BlockNames.Place field = BlockNames.place(name, place);
        fields.add(new Field(field.offset(), field.width(), Value.parse(text)));
      } else {
        outputs.add(Output.parse(name, place, text.charAt(0) == '@', slot(text)));
      }
    }
    return new Ioctl(slot(word[1]), name, fields, outputs);
  }

  private static int slot(String text) {
    return Integer.parseInt(text.substring(1));
  }

  private static List<Value> values(String[] word, int from) {
    return java.util.Arrays.stream(word).skip(from).map(Value::parse).toList();
  }
}
