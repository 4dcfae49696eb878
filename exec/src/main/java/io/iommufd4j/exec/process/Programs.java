// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.process;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.linux.Child;
import io.iommufd4j.linux.HostFile;
import io.iommufd4j.linux.RemoteMemory;
import io.iommufd4j.sim.OutsideProcesses;
import io.iommufd4j.sim.fs.FileTable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/** The supervised processes that use simulated files, by number. */
public final class Programs {

  /** From so many on, those that have ended are forgotten. */
  private static final int MOST_SEEN = 1024;

  private static final int GONE = Errno.ESRCH.negated();

  private final ThreadBuffers buffers = new ThreadBuffers();
  private final SharedFiles files = new SharedFiles(buffers);
  private final OutsideProcesses kernel;
  private final StandIns standIns;
  private final Consumer<Program> ended;
  private final Map<Integer, Program> programs = new ConcurrentHashMap<>();
  private final Map<Integer, Integer> leaders = new ConcurrentHashMap<>();
  private final Set<Integer> seen = ConcurrentHashMap.newKeySet();

  /**
   * None as yet.
   *
   * @param ended gets each program that runs no more
   */
  public Programs(OutsideProcesses kernel, StandIns standIns, Consumer<Program> ended) {
    this.kernel = kernel;
    this.standIns = standIns;
    this.ended = ended;
  }

  /**
   * The process of a thread that waits for its call.
   *
   * @param thread its number
   * @return the process' number; or −errno when the thread is gone
   */
  public int processOf(int thread) {
    if (programs.containsKey(thread)) {
      return thread;
    }
    Integer known = leaders.get(thread);
    if (known != null) {
      return known;
    }
    if (Child.leads(thread)) {
      return seen(thread);
    }
    try (var lines = Files.lines(Path.of("/proc", Integer.toString(thread), "status"))) {
      int leader =
          lines
              .filter(line -> line.startsWith("Tgid:"))
              .mapToInt(line -> Integer.parseInt(line.substring(5).strip()))
              .findFirst()
              .orElse(GONE);
      if (leader > 0) {
        leaders.put(thread, leader);
      }
      return seen(leader);
    } catch (IOException | UncheckedIOException gone) {
      return GONE;
    }
  }

  /** Threads come and go: what is known of them is looked up again from time to time. */
  public void forgetThreads() {
    leaders.clear();
  }

  /** {@return the process of a number, whatever program it runs; null for one that is not known} */
  public @Nullable Program known(int pid) {
    return programs.get(pid);
  }

  /** {@return a process that uses simulated files already; null for another one} */
  public @Nullable Program find(int pid) {
    Program program = programs.get(pid);
    if (program != null && program.replaced()) {
      exited(program);
      return null;
    }
    return program;
  }

  /**
   * A process that uses simulated files from now on.
   *
   * @param descriptors makes what the kernel knows of its descriptors
   * @param started gets its number and a descriptor that is readable once it has ended
   * @return null when it is gone
   */
  public @Nullable Program start(
      int pid, Function<Program, FileTable.Outside> descriptors, ObjIntConsumer<Program> started) {
    Program known = find(pid);
    return known != null ? known : begin(pid, descriptors, started);
  }

  private @Nullable Program begin(
      int pid, Function<Program, FileTable.Outside> descriptors, ObjIntConsumer<Program> started) {
    synchronized (this) {
      Program known = find(pid);
      if (known != null) {
        return known;
      }
      int pidfd = HostFile.process(pid);
      if (pidfd < 0) {
        return null;
      }
      var program = new Program(pid, pidfd, buffers, files, standIns);
      program.become(kernel.start(pid, program, descriptors.apply(program)));
      programs.put(pid, program);
      started.accept(program, pidfd);
      return program;
    }
  }

  /** The call that this thread handles is over. */
  public void endCall() {
    files.endCall();
  }

  /** {@return whether any program has a piece of a file mapped} */
  public boolean maps(HostInode inode, long offset, long bytes) {
    for (Program program : programs.values()) {
      for (HostMaps.Line line : HostMaps.between(program.pid(), 0, Long.MAX_VALUE)) {
        if (line.inode() == inode.number()
            && line.offset() < offset + bytes
            && offset < line.offset() + line.end() - line.start()) {
          return true;
        }
      }
    }
    return false;
  }

  /** Some process' limits or capabilities may be others from now on. */
  public void limitsChange() {
    programs.values().forEach(Program::limitsChange);
  }

  /** A process may run another program from now on. */
  public void mayExec(int pid) {
    Program program = programs.get(pid);
    if (program != null) {
      program.mayBeReplaced();
    }
  }

  /** All have ended, or are on their own from now on. */
  public void close() {
    List.copyOf(programs.values()).forEach(this::exited);
  }

  /** A process has ended. */
  public void exited(Program program) {
    synchronized (this) {
      if (programs.remove(program.pid(), program)) {
        kernel.exit(program.process());
        program.end();
        ended.accept(program);
      }
    }
  }

  /**
   * Writes to a process' memory, as the process itself may.
   *
   * @param thread one of its threads
   * @return whether all bytes were written
   */
  public boolean put(int thread, long address, MemorySegment bytes) {
    ThreadBuffers.Set own = buffers.get();
    return Moves.move(
        own,
        bytes,
        (at, piece, count) -> RemoteMemory.write(own.vectors, thread, address + at, piece, count),
        true);
  }

  /**
   * The inode behind a descriptor of a process, whatever is known of it.
   *
   * @param thread one of its threads
   * @return null when it has none
   */
  public @Nullable HostInode inode(int thread, int fd) {
    ThreadBuffers.Set own = buffers.get();
    String path = "/proc/" + thread + "/fd/" + fd;
    own.name.setString(0, path, StandardCharsets.US_ASCII);
    long number = HostFile.inode(HostFile.NO_DIRECTORY, own.name, own.statistics);
    return number < 0 ? null : new HostInode(HostFile.device(own.statistics), number);
  }

  /** {@return whether a process of this number was seen, which the filter sends calls of} */
  public boolean supervises(int pid) {
    return seen.contains(pid);
  }

  private int seen(int pid) {
    if (pid > 0 && seen.add(pid) && seen.size() > MOST_SEEN) {
      seen.removeIf(number ->
          !programs.containsKey(number)
              && !Files.exists(Path.of("/proc", Integer.toString(number))));
    }
    return pid;
  }

  /**
   * Bytes of a process' memory.
   *
   * @param thread one of its threads
   * @return null when not all of them can be read
   */
  public @Nullable MemorySegment bytes(int thread, long address, int count) {
    ThreadBuffers.Set own = buffers.get();
    MemorySegment bytes = MemorySegment.ofArray(new byte[count]);
    boolean all =
        Moves.move(
            own,
            bytes,
            (at, piece, most) -> RemoteMemory.read(own.vectors, thread, address + at, piece, most),
            false);
    return all ? bytes : null;
  }

  /**
   * A string of a process' memory.
   *
   * @param thread one of its threads
   * @param address of the first byte
   * @param most bytes, the end included
   * @return the string; null when it cannot be read to its end
   */
  public @Nullable String string(int thread, long address, int most) {
    ThreadBuffers.Set own = buffers.get();
    MemorySegment bytes = own.bytes;
    long length = 0;
    while (length < most) {
      // Up to the end of the page: behind it there may be nothing.
      long piece = Math.min(4096 - ((address + length) & 4095), most - length);
      MemorySegment part = bytes.asSlice(length, piece);
      long read = RemoteMemory.read(own.vectors, thread, address + length, part, piece);
      if (read <= 0) {
        return null;
      }
      for (long end = length + read; length < end; length++) {
        if (bytes.get(ValueLayout.JAVA_BYTE, length) == 0) {
          return bytes.getString(0);
        }
      }
    }
    return null;
  }
}
