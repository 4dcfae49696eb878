// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.program;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** Programs as {@code lab/programs.c} reads them, big-endian. */
public final class ProgramBytes {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final DataOutputStream out = new DataOutputStream(bytes);

  private ProgramBytes() {}

  /** The bytes of programs, one behind the other. */
  public static byte[] encode(List<Program> programs) {
    var encoder = new ProgramBytes();
    try {
      for (Program program : programs) {
        for (Step step : program.steps()) {
          encoder.step(step);
        }
        encoder.out.writeByte(0);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return encoder.bytes.toByteArray();
  }

  private void step(Step step) throws IOException {
    switch (step) {
      case Step.OpenIommufd open -> begin(1, open.file());
      case Step.OpenDevice open -> {
        begin(2, open.file());
        out.writeShort(open.device());
      }
      case Step.OpenMemfd memfd -> {
        begin(3, memfd.file());
        out.writeLong(memfd.bytes());
      }
      case Step.OpenEventfd eventfd -> begin(4, eventfd.file());
      case Step.Dup dup -> {
        begin(5, dup.file());
        out.writeShort(dup.of());
      }
      case Step.Close close -> begin(6, close.file());
      case Step.Ioctl ioctl -> {
        begin(7, ioctl.file());
        ioctl(ioctl);
      }
      case Step.Plain plain -> {
        begin(8, plain.file());
        out.writeInt(BlockNames.number(plain.name()));
        value(plain.argument());
      }
      case Step.Store store -> {
        begin(9, store.at().region());
        out.writeLong(store.at().offset());
        values(store.words());
      }
      case Step.Read read -> {
        begin(10, read.file());
        out.writeShort(read.bytes());
      }
      case Step.Write write -> {
        begin(11, write.file());
        out.writeShort(write.bytes());
        values(write.words());
      }
      case Step.ReadAt read -> {
        begin(12, read.file());
        out.writeShort(read.bytes());
        out.writeLong(read.offset());
      }
      case Step.WriteAt write -> {
        begin(13, write.file());
        out.writeShort(write.bytes());
        out.writeLong(write.offset());
        out.writeLong(write.value());
      }
      case Step.Poll poll -> {
        begin(14, poll.file());
        out.writeShort(poll.events());
      }
      case Step.Map map -> {
        begin(15, map.region());
        out.writeShort(map.file());
        out.writeLong(map.bytes());
        out.writeInt(map.protection());
        out.writeInt(map.flags());
        out.writeLong(map.offset());
      }
      case Step.Unmap unmap -> begin(16, unmap.region());
      case Step.OpenGroup open -> {
        begin(17, open.file());
        out.writeShort(open.device());
      }
      case Step.OpenContainer open -> begin(18, open.file());
      case Step.Dma dma -> {
        begin(19, dma.file());
        out.writeLong(dma.from());
        out.writeLong(dma.to());
        out.writeShort(dma.bytes());
      }
      case Step.Interrupt interrupt -> begin(20, interrupt.file());
      case Step.Rebind rebind -> {
        begin(22, 0);
        out.writeShort(rebind.device());
      }
      case Step.Unbind unbind -> {
        begin(23, 0);
        out.writeShort(unbind.device());
      }
      case Step.BindAgain _ -> begin(24, 0);
      case Step.Memlock memlock -> {
        begin(21, 0);
        out.writeLong(memlock.bytes());
      }
    }
  }

  private void begin(int kind, int slot) throws IOException {
    out.writeByte(kind);
    out.writeShort(slot);
  }

  private void ioctl(Step.Ioctl ioctl) throws IOException {
    out.writeInt(BlockNames.number(ioctl.name()));
    out.writeByte(ioctl.fields().size());
    for (Field field : ioctl.fields()) {
      out.writeShort(field.offset());
      out.writeByte(field.width());
      value(field.value());
    }
    out.writeByte(ioctl.outputs().size());
    for (Output output : ioctl.outputs()) {
      out.writeShort(output.offset());
      out.writeByte(output.file() ? 1 : 0);
      out.writeShort(output.slot());
    }
  }

  private void values(List<Value> values) throws IOException {
    out.writeByte(values.size());
    for (Value value : values) {
      value(value);
    }
  }

  private void value(Value value) throws IOException {
    switch (value) {
      case Value.Literal literal -> value(0, 0, literal.number());
      case Value.ObjectSlot object -> value(1, object.slot(), 0);
      case Value.FileSlot file -> value(2, file.slot(), 0);
      case Value.Address address -> value(3, address.region(), address.offset());
    }
  }

  private void value(int kind, int slot, long number) throws IOException {
    out.writeByte(kind);
    out.writeShort(slot);
    out.writeLong(number);
  }
}
