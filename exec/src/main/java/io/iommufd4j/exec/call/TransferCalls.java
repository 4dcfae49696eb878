// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.call;

import io.iommufd4j.exec.file.Opened;
import io.iommufd4j.exec.file.ProgramFiles;
import io.iommufd4j.exec.process.Program;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.linux.SystemCall;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.fs.RecordFile;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@code read(2)}, {@code write(2)}, those with an offset, and those with vectors. */
final class TransferCalls {

  /** {@code UIO_MAXIOV}. */
  private static final int MOST_VECTORS = 1024;

  private static final long VECTOR_BYTES = 16;

  /** At most so many bytes are moved at a time; a call for more moves fewer than it asked for. */
  private static final long BOUNCE_BYTES = 1 << 20;

  private final ProgramFiles files;

  TransferCalls(ProgramFiles files) {
    this.files = files;
  }

  /**
   * One transfer.
   *
   * @param write into the file
   * @param offset −1 for the file's own position
   */
  private record Transfer(OpenFile file, UserMemory memory, boolean write, long offset) {

    long move(long address, long count) {
      if (file instanceof RecordFile records && offset < 0) {
        return write ? records.write(address, count) : records.read(address, count);
      }
      try (var arena = Arena.ofConfined()) {
        MemorySegment bytes = arena.allocate(Math.min(count, BOUNCE_BYTES), Long.BYTES);
        if (write) {
          memory.copyIn(address, bytes);
          return offset < 0 ? file.write(bytes) : file.pwrite(bytes, offset);
        }
        long moved = offset < 0 ? file.read(bytes) : file.pread(bytes, offset);
        memory.copyOut(address, bytes.asSlice(0, moved));
        return moved;
      }
    }

    Transfer after(long moved) {
      return new Transfer(file, memory, write, offset < 0 ? offset : offset + moved);
    }
  }

  void answer(SystemCall which, SeccompListener call) {
    if (call.argument(0) < files.first() && isHosts(call)) {
      call.pass();
      return;
    }
    Program program = files.newCaller(call);
    Opened opened = program == null ? null : files.opened().at(program, (int) call.argument(0));
    if (program == null || opened == null) {
      call.pass();
      return;
    }
    boolean write =
        switch (which) {
          case WRITE, PWRITE64, WRITEV, PWRITEV, PWRITEV2 -> true;
          default -> false;
        };
    if (!(write ? opened.writable() : opened.readable())) {
      call.answer(Errno.EBADF.negated());
      return;
    }
    files.answer(
        which, program, call, opened, () -> move(which, call, program, opened.file(), write));
  }

  /** True for what is written to standard output, if that is no simulated file. */
  private boolean isHosts(SeccompListener call) {
    return files.opened().isEmpty()
        || files.opened().at(files.programs().inode(call.thread(), (int) call.argument(0))) == null;
  }

  private static long move(
      SystemCall which, SeccompListener call, Program program, OpenFile file, boolean write) {
    UserMemory memory = program.process().memory();
    long offset =
        switch (which) {
          case PREAD64, PWRITE64, PREADV, PWRITEV, PREADV2, PWRITEV2 -> call.argument(3);
          default -> -1;
        };
    boolean own = offset == -1 && (which == SystemCall.PREADV2 || which == SystemCall.PWRITEV2);
    boolean positioned =
        switch (which) {
          case READ, WRITE, READV, WRITEV -> false;
          default -> !own;
        };
    if (positioned && offset < 0) {
      throw Refused.with(Errno.EINVAL);
    }
    var transfer = new Transfer(file, memory, write, offset);
    return switch (which) {
      case READ, WRITE, PREAD64, PWRITE64 -> transfer.move(call.argument(1), call.argument(2));
      default -> moveAll(transfer, memory, call.argument(1), call.argument(2));
    };
  }

  private static long moveAll(Transfer first, UserMemory memory, long vectors, long count) {
    if (count < 0 || count > MOST_VECTORS) {
      throw Refused.with(Errno.EINVAL);
    }
    MemorySegment all = MemorySegment.ofArray(new long[(int) count * 2]);
    memory.copyIn(vectors, all);
    long done = 0;
    Transfer transfer = first;
    for (long i = 0; i < count; i++) {
      long address = all.get(ValueLayout.JAVA_LONG, i * VECTOR_BYTES);
      long bytes = all.get(ValueLayout.JAVA_LONG, i * VECTOR_BYTES + Long.BYTES);
      if (bytes == 0) {
        continue;
      }
      try {
        long moved = transfer.move(address, bytes);
        done += moved;
        transfer = transfer.after(moved);
        if (moved < bytes) {
          return done;
        }
      } catch (Refused refused) {
        if (done == 0) {
          throw refused;
        }
        return done;
      }
    }
    return done;
  }
}
