// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.trace;

import io.iommufd4j.exec.process.HostInode;
import io.iommufd4j.exec.process.HostMaps;
import io.iommufd4j.exec.record.RecordedEvent;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * Mappings that the host makes itself once the supervisor has let the call go on. Where each lies
 * is found out at the process' next call.
 */
final class SupervisedMappings {

  /** A call that has been let go on. */
  private record Begun(RecordedEvent.Mmap mapping, HostInode inode) {}

  /** A mapping that has been told. */
  private record Told(int pid, int file, long address) {}

  private final Consumer<RecordedEvent.Mmap> made;
  private final List<Begun> begun = new CopyOnWriteArrayList<>();

  /** Guarded by this. */
  private final Set<Told> told = new HashSet<>();

  /**
   * None as yet.
   *
   * @param made gets each mapping, with its address
   */
  SupervisedMappings(Consumer<RecordedEvent.Mmap> made) {
    this.made = made;
  }

  /**
   * A call goes on.
   *
   * @param mapping without its address
   * @param inode of what stands in for the file
   */
  void begun(RecordedEvent.Mmap mapping, HostInode inode) {
    begun.add(new Begun(mapping, inode));
  }

  /** Looks for what a process has mapped by now; a thread makes a call. */
  void settle(RecordedEvent.By by) {
    if (!begun.isEmpty()) {
      look(by);
    }
  }

  private synchronized void look(RecordedEvent.By by) {
    for (Begun one : List.copyOf(begun)) {
      RecordedEvent.By maker = one.mapping().by();
      if (maker.pid() != by.pid()) {
        continue;
      }
      long address = address(one);
      if (address != 0) {
        begun.remove(one);
        told.add(new Told(maker.pid(), one.mapping().file(), address));
        made.accept(one.mapping().at(address));
      } else if (maker.tid() == by.tid()) {
        begun.remove(one); // The host has refused it, or it is gone again.
      }
    }
  }

  /** The address of one; 0 when there is none. A place that was told already comes last. */
  private long address(Begun one) {
    RecordedEvent.Mmap mapping = one.mapping();
    int pid = mapping.by().pid();
    long found = 0;
    for (HostMaps.Line line : HostMaps.between(pid, 0, Long.MAX_VALUE)) {
      long within = mapping.offset() - line.offset();
      if (line.inode() == one.inode().number()
          && within >= 0
          && within < line.end() - line.start()) {
        found = line.start() + within;
        if (!told.contains(new Told(pid, mapping.file(), found))) {
          return found;
        }
      }
    }
    return found;
  }

  /** Nobody has a file any more. */
  synchronized void forget(int file) {
    begun.removeIf(one -> one.mapping().file() == file);
    told.removeIf(one -> one.file() == file);
  }
}
