// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import io.iommufd4j.kernel.SysfsWrite;
import java.time.Duration;

/**
 * The time that the kernel gets for each write to sysfs, and the listener that the waiting is
 * reported to.
 *
 * @param limit after so long a write is given up: what was done before is undone as far as that can
 *     be, and the write stays behind in a process of its own
 * @param watcher asked about once a second while a write is under way
 */
public record Patience(Duration limit, Watcher watcher) {

  /** Half a minute, reported to nobody. */
  public static final Patience DEFAULT =
      new Patience(Duration.ofSeconds(30), (_, _, _) -> Watcher.Verdict.GO_ON);

  /** Watches writes that take their time. */
  @FunctionalInterface
  public interface Watcher {

    /** The verdict on a write that is under way. */
    enum Verdict {
      /** It gets the rest of its time. */
      GO_ON,
      /** It is given up as if its time was over. */
      GIVE_UP
    }

    /**
     * A write is still under way.
     *
     * @param write what is written
     * @param waited so far
     * @param reason what the kernel waits for, as far as that shows: the process that waits, and
     *     who holds the device
     * @return to go on, or to give the write up
     */
    Verdict waiting(SysfsWrite write, Duration waited, String reason);
  }
}
