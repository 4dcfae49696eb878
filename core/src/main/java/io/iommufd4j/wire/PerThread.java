// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A value for each thread, made when the thread first asks. A {@link ThreadLocal} with a short way
 * in front of it: on the shortest requests its hash lookup costs as much as the crossing to native
 * code does.
 *
 * @param <T> kind of value; dropped some time after its thread ended
 */
public final class PerThread<T> {

  /** A power of two: more threads than this share places, and find theirs by the lookup. */
  private static final int PLACES = 64;

  // Thread ids are never used again, so that an entry of an ended thread is found by nobody. Races
  // only lose an entry: an entry is immutable, and whoever misses it makes it again.
  private final @Nullable Entry<?>[] recent = new Entry<?>[PLACES];
  private final ThreadLocal<Entry<T>> all;

  /**
   * Nothing is made yet.
   *
   * @param make makes a thread's value, in that thread
   */
  public PerThread(Supplier<T> make) {
    all = ThreadLocal.withInitial(() -> new Entry<>(Thread.currentThread().threadId(), make.get()));
  }

  /** {@return the calling thread's value} */
  @SuppressWarnings("unchecked") // Only entries of this object's own T are put in.
  public T get() {
    long thread = Thread.currentThread().threadId();
    int place = (int) thread & PLACES - 1;
    Entry<T> entry = (Entry<T>) recent[place];
    if (entry != null && entry.thread == thread) {
      return entry.value;
    }
    entry = all.get();
    recent[place] = entry;
    return entry.value;
  }

  private record Entry<T>(long thread, T value) {}
}
