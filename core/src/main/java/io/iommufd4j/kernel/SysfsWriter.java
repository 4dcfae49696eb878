// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;

/**
 * Writes attributes of sysfs without blocking on them. The kernel may keep a write waiting as long
 * as somebody holds a device ({@code vfio_unregister_group_dev}), and a process that waits there
 * cannot be killed; so the write is made beside the caller, who watches it and may give up.
 *
 * <p>One write at a time. Meant for one thread; {@link #close} and {@link #leave} may come from
 * another.
 */
public interface SysfsWriter extends AutoCloseable {

  /**
   * Begins a write.
   *
   * @param write made as soon as the kernel lets it
   * @throws IllegalStateException while another one is under way, or when closed
   */
  void begin(SysfsWrite write);

  /**
   * Waits for the write that is under way.
   *
   * @param time the longest to wait; zero only looks
   * @return 0 or −errno, of {@code open(2)} or {@code write(2)}; empty when the kernel is not
   *     through with it in that time
   */
  OptionalInt await(Duration time);

  /**
   * Names what is to be written, in order, if this process ends or leaves before it closes the
   * writer; replaces what was named before. A writer that lives in this process cannot outlive it
   * and keeps this for {@link #leave} alone.
   *
   * @param writes in the order they are to be made; may be empty
   */
  void undo(List<SysfsWrite> writes);

  /**
   * {@return the place of the write that is under way, for messages: which process makes it and,
   * where Linux shows it, the kernel function that it waits in} Empty when there is nothing to say.
   */
  String whereabouts();

  /**
   * Gives the write that is under way up. It stays where it is; once the kernel is through with it,
   * or at once when none is under way, what {@link #undo} named is written. Does nothing when
   * closed.
   */
  void leave();

  /** Ends the writer. Nothing more is written: neither what waits nor what {@link #undo} named. */
  @Override
  void close();
}
