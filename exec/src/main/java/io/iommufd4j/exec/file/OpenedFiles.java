// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.file;

import io.iommufd4j.exec.process.HostInode;
import io.iommufd4j.exec.process.Program;
import io.iommufd4j.exec.process.Programs;
import io.iommufd4j.linux.CloseWatch;
import io.iommufd4j.linux.HostFile;
import io.iommufd4j.linux.Readiness;
import io.iommufd4j.sim.fs.FileTable;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.fs.RecordFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The simulated files that programs have open, and their release. What a program closed was told by
 * the host before the program's next call; so whoever handles a call looks at that first.
 */
public final class OpenedFiles {

  /** Numbers of events above which they are of pipes; processes are told by positive ones. */
  private static final long PIPES = 1L << 40;

  private static final long RELEASES = 0;
  private static final long WAKEUPS = -1;

  private static final String IOMMUFD = "/dev/iommu";

  private static final MemorySegment ONE = one();

  private final FileTable table;
  private final KnownDescriptors descriptors;
  private final Readiness readiness = new Readiness();
  private final CloseWatch watch = new CloseWatch();
  private final int wakeups = HostFile.counter();
  private final ReentrantLock lock = new ReentrantLock();
  private final Readiness.Events events = new Readiness.Events();
  private final Map<HostInode, Opened> files = new ConcurrentHashMap<>();
  private final Map<Integer, Opened> watched = new ConcurrentHashMap<>();
  private final Map<Long, Opened> pipes = new ConcurrentHashMap<>();
  private final AtomicBoolean stale = new AtomicBoolean();
  private final LongConsumer processEnded;
  private @Nullable Witness witness;
  private long lastPipe = PIPES;

  private static MemorySegment one() {
    MemorySegment one = Arena.global().allocate(Long.BYTES, Long.BYTES);
    one.set(ValueLayout.JAVA_LONG, 0, 1);
    return one.asReadOnly();
  }

  /**
   * None as yet.
   *
   * @param table counts who refers to a file
   * @param descriptors what is known of the programs' descriptors
   * @param processEnded is told the numbers of {@link #watchProcess}
   */
  OpenedFiles(FileTable table, KnownDescriptors descriptors, LongConsumer processEnded) {
    this.table = table;
    this.descriptors = descriptors;
    this.processEnded = processEnded;
    readiness.add(watch.descriptor(), Readiness.READABLE, RELEASES);
    readiness.add(wakeups, Readiness.READABLE, WAKEUPS);
  }

  /** Sets who is told of releases. */
  void seenBy(Witness sees) {
    witness = sees;
  }

  /** Tells when a process has ended. */
  public void watchProcess(int pidfd, long number) {
    readiness.add(pidfd, Readiness.READABLE, number);
  }

  /** Ends {@link #await}. */
  public void interrupt() {
    HostFile.write(wakeups, ONE);
  }

  /** Some file's readiness may have changed. */
  public void wake() {
    if (!pipes.isEmpty() && !stale.getAndSet(true)) {
      HostFile.write(wakeups, ONE);
    }
  }

  /**
   * The simulated file behind a descriptor of a program.
   *
   * @return null when it is none
   */
  public @Nullable Opened at(Program program, int fd) {
    if (fd < 0 || files.isEmpty()) {
      return null;
    }
    Opened known = descriptors.find(program, fd);
    if (known != null) {
      return known;
    }
    long before = descriptors.changes();
    long inode = program.inode(fd);
    Opened opened = inode < 0 ? null : files.get(new HostInode(program.device(), inode));
    if (opened != null) {
      descriptors.learn(program, fd, opened, before);
    }
    return opened;
  }

  /**
   * The simulated file of an inode.
   *
   * @return null when there is none
   */
  public @Nullable Opened at(@Nullable HostInode inode) {
    return inode == null ? null : files.get(inode);
  }

  /** The physical address of the register that a file shows at an offset; −1 for none. */
  long registers(HostInode inode, long offset) {
    Opened opened = files.get(inode);
    return opened == null ? -1 : opened.file().registers(offset);
  }

  /** {@return whether no program has any simulated file open} */
  public boolean isEmpty() {
    return files.isEmpty();
  }

  /**
   * A file that is open from now on, with the one reference that it has.
   *
   * @return the file, whose {@link #give} is next
   * @throws io.iommufd4j.sim.lib.Refused when the host has no room for it; the reference is dropped
   */
  public Opened add(OpenFile file, String path, int flags) {
    StandIn standIn;
    try {
      String name = path.isEmpty() ? file.shownAs() : path;
      standIn = file instanceof RecordFile ? StandIn.ofPipe() : StandIn.ofMemory(name);
    } catch (RuntimeException refused) {
      table.drop(file);
      throw refused;
    }
    var opened = new Opened(file, path, flags, standIn);
    lock.lock();
    try {
      int told = watch(opened);
      if (told < 0) {
        standIn.letGo();
        standIn.end();
        table.drop(file);
        Opening.require(told);
      }
      files.put(standIn.inode(), opened);
    } finally {
      lock.unlock();
    }
    return opened;
  }

  private int watch(Opened opened) {
    StandIn standIn = opened.standIn();
    if (standIn.pipe()) {
      long number = ++lastPipe;
      pipes.put(number, opened);
      return readiness.add(standIn.own(), 0, number);
    }
    int number = watch.add(standIn.given());
    if (number >= 0) {
      watched.put(number, opened);
    }
    return number;
  }

  /** The descriptor here that a program is to get; {@link #given} follows. */
  public int give(Opened opened) {
    return opened.standIn().given();
  }

  /** A program has the file, or did not get it: then nobody has, and it is released. */
  public void given(Opened opened) {
    opened.standIn().letGo();
    if (opened.standIn().pipe()) {
      opened.standIn().show(opened.file());
    }
  }

  /**
   * {@code mmap(2)} of a file: afterwards the host's own call on the stand-in does the same.
   *
   * @param descriptor of the stand-in, here
   * @throws io.iommufd4j.sim.lib.Refused as the file does
   */
  public void map(
      Opened opened, int descriptor, long bytes, int protection, int flags, long offset) {
    StandIn standIn = opened.standIn();
    synchronized (standIn) {
      MemorySegment memory = standIn.map(descriptor, offset, bytes);
      if (memory == null) {
        return;
      }
      try {
        opened.file().mmapInto(memory, protection, flags, offset);
      } catch (RuntimeException refused) {
        standIn.unmap(memory);
        throw refused;
      }
    }
  }

  /** Ends the mappings of a file that no program has any more: nothing tells of that. */
  public void unmapLost(Opened opened, Programs programs) {
    StandIn standIn = opened.standIn();
    // Only of iommufd does it matter: an object whose page is mapped is in use.
    if (!standIn.isMapped() || !opened.path().equals(IOMMUFD)) {
      return;
    }
    synchronized (standIn) {
      standIn.eachMapped((offset, memory) -> {
        if (!programs.maps(standIn.inode(), offset, memory.byteSize())) {
          opened.file().unmapped(memory);
          standIn.unmap(memory);
        }
      });
    }
  }

  /** Releases what nobody has open any more, and shows what is ready. */
  public void settle() {
    lock.lock();
    try {
      int ready = readiness.await(events, 0);
      if (ready > 0) {
        settle(ready);
      }
    } finally {
      lock.unlock();
    }
  }

  private void settle(int ready) {
    for (int i = 0; i < ready; i++) {
      long number = events.of(i);
      if (number == RELEASES) {
        if (!watch.drain(this::released)) {
          releaseLost();
        }
      } else if (number == WAKEUPS) {
        showReadiness();
      } else if (number > PIPES) {
        release(pipes.remove(number));
      } else {
        processEnded.accept(number);
      }
    }
  }

  /** Shows what became ready in a call that is about to be answered. */
  public void showReadiness() {
    if (stale.getAndSet(false)) {
      HostFile.read(wakeups, Arena.ofAuto().allocate(Long.BYTES));
      pipes.values().forEach(opened -> opened.standIn().show(opened.file()));
    }
  }

  /** Waits until there is something to settle, in a thread that does nothing else. */
  public void await() {
    readiness.await(new Readiness.Events(), -1);
  }

  private void released(int number) {
    release(watched.remove(number));
  }

  /** After too many releases to tell: a file whose watch is gone is released. */
  private void releaseLost() {
    Set<Integer> living = watch.living();
    for (Integer number : List.copyOf(watched.keySet())) {
      if (!living.contains(number)) {
        released(number);
      }
    }
  }

  private void release(@Nullable Opened opened) {
    if (opened != null) {
      files.remove(opened.standIn().inode());
      synchronized (opened.standIn()) {
        opened
            .standIn()
            .eachMapped((_, memory) -> {
              opened.file().unmapped(memory);
              opened.standIn().unmap(memory);
            });
      }
      if (witness != null) {
        witness.released(opened);
      }
      opened.standIn().end();
      table.drop(opened.file());
    }
  }

  /** {@return the number of simulated files that programs have open} */
  public int size() {
    return files.size();
  }

  /** All programs have ended: what is left is released. */
  public void close() {
    settle();
    lock.lock();
    try {
      List.copyOf(files.values()).forEach(this::release);
      watched.clear();
      pipes.clear();
      watch.close();
      readiness.close();
      HostFile.close(wakeups);
    } finally {
      lock.unlock();
    }
  }
}
