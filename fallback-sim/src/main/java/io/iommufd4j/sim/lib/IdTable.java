// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.lib;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Objects by small number, lowest free number first. A number can be reserved before its object is
 * there: it is then taken, but nobody finds anything under it. Guarded by itself; finding takes no
 * lock.
 *
 * @param <T> what is kept
 */
public final class IdTable<T> {

  private int first;
  private final BitSet numbers = new BitSet();

  /** Grown by copying; read without the lock. */
  private volatile AtomicReferenceArray<@Nullable T> objects = new AtomicReferenceArray<>(0);

  /**
   * An empty table.
   *
   * @param first the lowest number given out
   */
  public IdTable(int first) {
    this.first = first;
  }

  /** From now on this is the lowest number given out. */
  public synchronized void first(int lowest) {
    first = lowest;
  }

  /** Takes the lowest free number; nothing is found under it until {@link #publish}. */
  public synchronized int reserve() {
    int id = numbers.nextClearBit(first);
    reserve(id);
    return id;
  }

  /** Takes a number that is free. */
  public synchronized void reserve(int id) {
    numbers.set(id);
    AtomicReferenceArray<@Nullable T> now = objects;
    if (now.length() <= id) {
      var larger = new AtomicReferenceArray<@Nullable T>(Math.max(id + 1, 2 * now.length()));
      for (int i = 0; i < now.length(); i++) {
        larger.set(i, now.get(i));
      }
      objects = larger;
    }
  }

  /** Puts an object under a number that was reserved. */
  public synchronized void publish(int id, T object) {
    objects.set(id, object);
  }

  /** The object under a number; null for a free or reserved number. */
  public @Nullable T find(int id) {
    AtomicReferenceArray<@Nullable T> now = objects;
    return id >= 0 && id < now.length() ? now.get(id) : null;
  }

  /** Frees a number, whatever it held. */
  public synchronized @Nullable T remove(int id) {
    if (id < 0 || id >= objects.length()) {
      return null;
    }
    numbers.clear(id);
    return objects.getAndSet(id, null);
  }

  /**
   * Takes away the objects that a condition holds for, by rising number, and frees their numbers.
   *
   * @param taken gets each of them
   */
  public synchronized void removeIf(Predicate<T> condition, Consumer<T> taken) {
    for (int id = first; id < objects.length(); id++) {
      T object = objects.get(id);
      if (object != null && condition.test(object)) {
        remove(id);
        taken.accept(object);
      }
    }
  }

  /** Takes an object away and keeps its number taken; nothing is found under it ever again. */
  public synchronized void bury(int id) {
    objects.set(id, null);
  }

  /** The number of objects that can be found. */
  public synchronized int size() {
    int count = 0;
    for (int id = 0; id < objects.length(); id++) {
      count += objects.get(id) == null ? 0 : 1;
    }
    return count;
  }

  /** Every object, by rising number, as it stands now. */
  public void forEach(Consumer<T> visitor) {
    List<T> now = new ArrayList<>();
    synchronized (this) {
      for (int id = 0; id < objects.length(); id++) {
        T object = objects.get(id);
        if (object != null) {
          now.add(object);
        }
      }
    }
    now.forEach(visitor);
  }
}
