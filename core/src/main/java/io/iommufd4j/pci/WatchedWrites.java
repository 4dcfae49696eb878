// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.SysfsWrite;
import io.iommufd4j.kernel.SysfsWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The writes that change one device's driver, each with a limit of time. After one that was given
 * up nothing more is written: the kernel would make it wait for the first.
 */
final class WatchedWrites implements AutoCloseable {

  private static final Duration GLANCE = Duration.ofSeconds(1);

  private final Kernel kernel;
  private final Patience patience;
  private final Supplier<String> holders;
  private List<SysfsWrite> undo = List.of();
  private @Nullable SysfsWriter writer;
  private @Nullable HostException givenUp;

  /**
   * Writes nothing yet.
   *
   * @param holders who keeps the kernel waiting, in words; empty when nobody is known
   */
  WatchedWrites(Kernel kernel, Patience patience, Supplier<String> holders) {
    this.kernel = kernel;
    this.patience = patience;
    this.holders = holders;
  }

  /** Gives a hint against an errno of one particular write. */
  @FunctionalInterface
  interface Hints {
    /** No hint but the one that holds for every write. */
    Hints NONE = errno -> "";

    /** A hint in one line; empty when there is none. */
    String against(ErrnoCode errno);
  }

  /** Names what is written if this process ends, or gives up, before {@link #close}. */
  void undo(List<SysfsWrite> writes) {
    undo = List.copyOf(writes);
    if (writer != null) {
      writer.undo(undo);
    }
  }

  /**
   * Writes.
   *
   * @throws HostException with the errno of {@code open(2)} or {@code write(2)}; ETIMEDOUT when it
   *     was given up, now or before
   */
  void write(SysfsWrite write, Hints hints) {
    if (givenUp != null) {
      throw givenUp;
    }
    try {
      SysfsWriter to = writer();
      to.begin(write);
      int result = watch(to, write);
      if (result < 0) {
        throw refused(write, ErrnoCode.of(result), hints);
      }
    } catch (UncheckedIOException lacking) {
      throw new HostException(describe(write), Errno.ENOENT, String.valueOf(lacking.getMessage()));
    }
  }

  /** True if a write was given up and is still the kernel's. */
  boolean stuck() {
    return givenUp != null;
  }

  private SysfsWriter writer() {
    SysfsWriter existing = writer;
    if (existing != null) {
      return existing;
    }
    SysfsWriter started = kernel.sysfsWriter();
    started.undo(undo);
    writer = started;
    return started;
  }

  private int watch(SysfsWriter to, SysfsWrite write) {
    long start = System.nanoTime();
    while (true) {
      OptionalInt answer = to.await(GLANCE);
      if (answer.isPresent()) {
        return answer.getAsInt();
      }
      var waited = Duration.ofNanos(System.nanoTime() - start);
      String reason = reason(to);
      if (patience.watcher().waiting(write, waited, reason) == Patience.Watcher.Verdict.GIVE_UP
          || waited.compareTo(patience.limit()) >= 0
          || Thread.currentThread().isInterrupted()) {
        givenUp = giveUp(to, write, waited, reason);
        throw givenUp;
      }
    }
  }

  /** Looks at a device on its way out: what cannot be read then is no reason to stop watching. */
  private String holders() {
    try {
      return holders.get();
    } catch (HostException goneMeanwhile) {
      return "";
    }
  }

  private String reason(SysfsWriter to) {
    var parts = new ArrayList<String>();
    for (String part : List.of(holders(), to.whereabouts())) {
      if (!part.isEmpty()) {
        parts.add(part);
      }
    }
    return String.join("; ", parts);
  }

  private HostException giveUp(SysfsWriter to, SysfsWrite write, Duration waited, String reason) {
    to.leave();
    return new HostException(
        describe(write),
        Errno.ETIMEDOUT,
        "given up after "
            + waited.toSeconds()
            + " s"
            + (reason.isEmpty() ? "" : ": " + reason)
            + "; the write stays with the kernel, and once it is through with it "
            + (undo.isEmpty() ? "nothing more is written" : "the device is given back"));
  }

  private HostException refused(SysfsWrite write, ErrnoCode errno, Hints hints) {
    String hint = hints.against(errno);
    return new HostException(describe(write), errno, hint.isEmpty() ? anyWrite(errno) : hint);
  }

  private String anyWrite(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EROFS -> "sysfs is read-only here, as in a container: do it on the host";
      case Errno.EACCES, Errno.EPERM ->
          kernel.process().root()
              ? "sysfs takes writes from the host's root, not from a container's: do it on the host"
              : "user " + kernel.process().userId() + " may not write there: sysfs takes root";
      default -> "";
    };
  }

  private static String describe(SysfsWrite write) {
    return write.text().isEmpty()
        ? "clear " + write.file()
        : "write " + write.text() + " to " + write.file();
  }

  /** Nothing is left to undo. After a write that was given up the undoing goes on without this. */
  @Override
  public void close() {
    if (writer != null) {
      writer.close();
    }
  }
}
