// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.event;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Kernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Waits for several handles at once: eventfds, queues of an iommufd, whatever is {@link Pollable}.
 *
 * <pre>{@code
 * var events = Events.on(kernel);
 * Watch completed = events.watch(interrupts.vector(0));
 * Watch faults = events.watch(faultQueue);
 * while (events.await(Duration.ofSeconds(1)) > 0) {
 *   if (completed.readable()) { ... }
 *   if (faults.readable()) { ... }
 * }
 * }</pre>
 *
 * <p>A wait allocates nothing on the Java heap on a host's own kernel. For one thread at a time. It
 * owns no descriptor, and needs no close; a handle should be stopped before it is closed.
 */
public final class Events {

  private final Kernel kernel;
  private final List<Watch> watches = new ArrayList<>();
  private MemorySegment table = MemorySegment.NULL;

  private Events(Kernel kernel) {
    this.kernel = kernel;
  }

  /**
   * Waits for nothing yet.
   *
   * @param kernel the kernel of all handles to come
   * @return without a handle
   */
  public static Events on(Kernel kernel) {
    return new Events(kernel);
  }

  /**
   * Waits for a handle as well: until there is something to read, or the file is in error.
   *
   * @param source a handle of the same kernel
   * @return what a wait reports of it
   */
  public Watch watch(Pollable source) {
    if (source.kernel() != kernel) {
      throw new IllegalArgumentException(source + " belongs to another kernel");
    }
    var watch = new Watch(this, source);
    watches.add(watch);
    resize();
    return watch;
  }

  /** {@return how many handles are waited for} */
  public int size() {
    return watches.size();
  }

  /**
   * Waits until at least one handle has something to report.
   *
   * @param timeout the longest to wait, rounded up to milliseconds; zero does not wait
   * @return how many have, each shown by its {@link Watch}; 0 when the time has passed
   * @throws IllegalStateException when a handle is closed
   * @throws KernelException {@code EINTR} on a simulated kernel when the thread is interrupted; the
   *     host's own kernel does not see that; {@code EINVAL} for more handles than {@code
   *     RLIMIT_NOFILE}
   */
  public int await(Duration timeout) {
    long start = System.nanoTime();
    long nanos = PollCall.nanos(timeout);
    for (int i = 0; i < watches.size(); i++) {
      // Asked again each time: the number of a closed handle may be another file's by now.
      PollCall.want(table, i, watches.get(i).source().fd(), libc_h.POLLIN());
    }
    int ready = PollCall.poll(kernel, table, start, nanos);
    for (int i = 0; i < watches.size(); i++) {
      watches.get(i).reported(PollCall.reported(table, i));
    }
    return ready;
  }

  void remove(Watch watch) {
    watches.remove(watch);
    resize();
  }

  private void resize() {
    // Automatic: nothing is to be closed, and the old table is not used after this.
    long bytes = PollCall.bytes(watches.size());
    table = bytes == 0 ? MemorySegment.NULL : Arena.ofAuto().allocate(bytes, Integer.BYTES);
  }
}
