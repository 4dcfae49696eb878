// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.process;

import io.iommufd4j.linux.HostFile;
import io.iommufd4j.linux.RemoteMemory;
import io.iommufd4j.sim.mm.OutsideMemory;
import io.iommufd4j.sim.mm.OutsideMemory.SharedPages;
import io.iommufd4j.sim.mm.UserProcess;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A supervised process that uses simulated files: one program, from its exec to the next. */
public final class Program implements OutsideMemory.Host {

  private static final int RLIMIT_MEMLOCK = 8;
  private static final int O_RDWR = 2;
  private static final int O_PATH = 010000000;

  private final int pid;
  private final int pidfd;
  private final int directory;
  private final int memory;
  private final ThreadBuffers buffers;
  private final SharedFiles files;
  private final StandIns standIns;
  private volatile @Nullable UserProcess process;
  private volatile boolean ended;
  private volatile boolean replaced;
  private volatile boolean limitsKnown;

  Program(int pid, int pidfd, ThreadBuffers buffers, SharedFiles files, StandIns standIns) {
    this.pid = pid;
    this.pidfd = pidfd;
    this.buffers = buffers;
    this.files = files;
    this.standIns = standIns;
    directory = HostFile.open("/proc/" + pid, O_PATH);
    memory = HostFile.open("/proc/" + pid + "/mem", O_RDWR);
  }

  /** {@return its number} */
  public int pid() {
    return pid;
  }

  int pidfd() {
    return pidfd;
  }

  void become(UserProcess known) {
    process = known;
  }

  /** {@return what stands for it in the simulated kernel} */
  public UserProcess process() {
    UserProcess known = process;
    if (known == null) {
      throw new IllegalStateException("process " + pid + " is not known to the kernel");
    }
    return known;
  }

  /** Its limits or capabilities may be others from now on. */
  void limitsChange() {
    limitsKnown = false;
  }

  /**
   * Lets the kernel know its limits as they are now.
   *
   * @param thread that makes a call, whose capabilities count
   */
  public void showLimits(int thread) {
    if (!limitsKnown) {
      limitsKnown = true;
      long locked = HostFile.limit(pid, RLIMIT_MEMLOCK);
      if (locked >= 0) {
        process().accounting().limit(locked, Capabilities.of(thread).locksMemory());
      }
    }
  }

  /** It may run another program from now on. */
  void mayBeReplaced() {
    replaced = true;
  }

  /** True if it is another program by now. */
  boolean replaced() {
    if (replaced && memory >= 0) {
      replaced = false;
      return !alive();
    }
    return false;
  }

  /** The process, or this program of it, has ended. */
  void end() {
    ended = true;
    HostFile.close(directory);
    HostFile.close(memory);
    HostFile.close(pidfd);
  }

  /**
   * The inode behind one of its descriptors; {@link #device} tells the device.
   *
   * @return the number, or −errno
   */
  public long inode(int fd) {
    ThreadBuffers.Set own = buffers.get();
    byte[] name = ("fd/" + fd).getBytes(StandardCharsets.US_ASCII);
    MemorySegment.copy(name, 0, own.name, ValueLayout.JAVA_BYTE, 0, name.length);
    own.name.set(ValueLayout.JAVA_BYTE, name.length, (byte) 0);
    return HostFile.inode(directory, own.name, own.statistics);
  }

  /** {@return the device of the last inode that this thread asked for} */
  public long device() {
    return HostFile.device(buffers.get().statistics);
  }

  /** {@return a descriptor here of an open file of the process; or −errno} */
  public int take(int fd) {
    return HostFile.take(pidfd, fd);
  }

  /** {@return the pages of the file of a descriptor here; null when they cannot be had} */
  public @Nullable SharedPages pages(int descriptor) {
    return files.of(descriptor);
  }

  @Override
  public boolean alive() {
    if (ended) {
      return false;
    }
    // Nothing is mapped at 0, which is an error; of memory that is gone there is just no byte.
    MemorySegment bytes = buffers.get().bytes;
    return memory < 0 || HostFile.readAt(memory, bytes.asSlice(0, 1), 0) != 0;
  }

  @Override
  public boolean read(long address, MemorySegment into) {
    ThreadBuffers.Set own = buffers.get();
    return Moves.move(
        own,
        into,
        (at, piece, bytes) -> RemoteMemory.read(own.vectors, pid, address + at, piece, bytes),
        false);
  }

  @Override
  public boolean write(long address, MemorySegment from) {
    ThreadBuffers.Set own = buffers.get();
    return Moves.move(
        own,
        from,
        (at, piece, bytes) -> RemoteMemory.write(own.vectors, pid, address + at, piece, bytes),
        true);
  }

  @Override
  public boolean force(long address, MemorySegment segment, boolean write) {
    return !ended
        && Moves.move(
            buffers.get(),
            segment,
            (at, piece, bytes) -> {
              MemorySegment part = piece.asSlice(0, bytes);
              return write
                  ? HostFile.writeAt(memory, part, address + at)
                  : HostFile.readAt(memory, part, address + at);
            },
            write);
  }

  @Override
  public List<OutsideMemory.Stretch> mapped(long address, long end) {
    var stretches = new ArrayList<OutsideMemory.Stretch>();
    for (HostMaps.Line line : HostMaps.between(pid, address, end)) {
      long registers = line.shared() ? standIns.registers(line.file(), line.offset()) : -1;
      boolean opens = line.shared() && registers < 0 && !device(line);
      SharedPages file = opens ? files.mapped(pid, line) : null;
      stretches.add(
          new OutsideMemory.Stretch(
              line.start(),
              line.end(),
              line.readable(),
              line.writable(),
              file,
              line.offset(),
              registers));
    }
    return stretches;
  }

  /** True for a node, which would do something when it is opened once more. */
  private static boolean device(HostMaps.Line line) {
    String name = line.name();
    return name.startsWith("/dev/")
        && !name.startsWith("/dev/shm/")
        && !name.startsWith("/dev/zero");
  }
}
