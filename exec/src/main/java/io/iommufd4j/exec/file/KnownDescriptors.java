// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.file;

import io.iommufd4j.exec.process.Program;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The simulated file that each descriptor means, as the host told it last. It holds until some
 * thread is about to close or replace descriptors, of which the supervisor is told. Descriptors
 * that such a thread is about to change are not learnt before the thread has made another call.
 */
final class KnownDescriptors {

  /** So many numbers from the first one on are known; the host is asked for others. */
  private static final int MOST = 1024;

  private record Change(int pid, int from, int to) {}

  private final int first;
  private final AtomicLong changes = new AtomicLong();
  private final Map<Program, @Nullable Opened[]> known = new ConcurrentHashMap<>();

  /** By the thread that is making it. */
  private final Map<Integer, Change> changing = new ConcurrentHashMap<>();

  /**
   * Nothing is known.
   *
   * @param first number from which on changes are told
   */
  KnownDescriptors(int first) {
    this.first = first;
  }

  /** {@return the file that a descriptor of a program is known to mean; null when none is} */
  @Nullable Opened find(Program program, int fd) {
    @Nullable Opened[] its = known.get(program);
    return its == null || fd < first || fd - first >= MOST ? null : its[fd - first];
  }

  /** {@return how many changes were told, for {@link #learn}} */
  long changes() {
    return changes.get();
  }

  /**
   * A descriptor means a file.
   *
   * @param before what {@link #changes} was before the host was asked
   */
  synchronized void learn(Program program, int fd, Opened opened, long before) {
    if (fd >= first
        && fd - first < MOST
        && changes.get() == before
        && !isChanging(program.pid(), fd)) {
      known.computeIfAbsent(program, _ -> new @Nullable Opened[MOST])[fd - first] = opened;
    }
  }

  private boolean isChanging(int pid, int fd) {
    return !changing.isEmpty()
        && changing.values().stream()
            .anyMatch(change -> change.pid == pid && change.from <= fd && fd <= change.to);
  }

  /**
   * A thread is about to close or replace descriptors of some numbers.
   *
   * @param pid of its program; 0 for a process that is none
   */
  synchronized void change(int pid, int thread, int from, int to) {
    if (pid != 0) {
      changing.put(thread, new Change(pid, from, to));
    }
    forget();
  }

  /** A thread makes a call: what it was about to change is changed. */
  void goesOn(int thread) {
    if (!changing.isEmpty()) {
      end(thread);
    }
  }

  private synchronized void end(int thread) {
    if (changing.remove(thread) != null) {
      forget();
    }
  }

  /** A program has ended. */
  synchronized void end(Program program) {
    known.remove(program);
    changing.values().removeIf(change -> change.pid == program.pid());
  }

  /** Nothing is known any more, of any program: some have one table of descriptors together. */
  private void forget() {
    changes.incrementAndGet();
    known.clear();
  }
}
