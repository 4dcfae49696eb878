// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device.model;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/**
 * The drive of a controller: its one namespace, in memory, with blocks of 512 bytes. What was never
 * written reads zeros. Resets leave it as it is.
 */
final class NvmeDrive {

  static final int BLOCK = 512;

  private static final int OPCODE_FLUSH = 0x00;
  private static final int OPCODE_WRITE = 0x01;
  private static final int OPCODE_READ = 0x02;
  private static final int CHUNK = 1 << 16;

  private final NvmeData data;
  private final long bytes;
  private final Map<Long, byte[]> chunks = new HashMap<>();

  NvmeDrive(NvmeData data, long bytes) {
    this.data = data;
    this.bytes = bytes;
  }

  long blocks() {
    return bytes / BLOCK;
  }

  /** {@return the status of a command of an I/O queue} */
  int execute(NvmeCommand command) {
    if (command.opcode() == OPCODE_FLUSH && command.namespace() == -1) {
      return NvmeStatus.SUCCESS;
    }
    int status = NvmeIdentity.status(command.namespace());
    if (status != NvmeStatus.SUCCESS) {
      return status;
    }
    return switch (command.opcode()) {
      case OPCODE_FLUSH -> NvmeStatus.SUCCESS;
      case OPCODE_READ, OPCODE_WRITE -> transfer(command);
      default -> NvmeStatus.INVALID_OPCODE;
    };
  }

  private int transfer(NvmeCommand command) {
    long first = command.wide(0);
    long count = command.low(2) + 1L;
    if (count * BLOCK > NvmeIdentity.MOST_BYTES) {
      return NvmeStatus.INVALID_FIELD;
    }
    if (Long.compareUnsigned(first, blocks()) >= 0 || count > blocks() - first) {
      return NvmeStatus.OUT_OF_RANGE;
    }
    MemorySegment buffer = MemorySegment.ofArray(new byte[(int) count * BLOCK]);
    if (command.opcode() == OPCODE_READ) {
      move(first * BLOCK, buffer, false);
      return data.write(command, buffer);
    }
    int status = data.read(command, buffer);
    if (status == NvmeStatus.SUCCESS) {
      move(first * BLOCK, buffer, true);
    }
    return status;
  }

  private void move(long start, MemorySegment buffer, boolean write) {
    for (long done = 0; done < buffer.byteSize(); ) {
      long at = start + done;
      long some = Math.min(buffer.byteSize() - done, CHUNK - at % CHUNK);
      MemorySegment piece = buffer.asSlice(done, some);
      byte[] chunk =
          write ? chunks.computeIfAbsent(at / CHUNK, _ -> new byte[CHUNK]) : chunks.get(at / CHUNK);
      if (chunk != null) {
        MemorySegment there = MemorySegment.ofArray(chunk).asSlice(at % CHUNK, some);
        MemorySegment.copy(write ? piece : there, 0, write ? there : piece, 0, some);
      }
      done += some;
    }
  }
}
