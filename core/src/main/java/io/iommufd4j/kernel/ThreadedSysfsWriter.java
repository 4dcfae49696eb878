// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

import io.iommufd4j.bindings.libc.libc_h;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Writes on a thread of its own: right for a kernel that lives in this process. */
final class ThreadedSysfsWriter implements SysfsWriter {

  private final Kernel kernel;
  private @Nullable CompletableFuture<Integer> underWay;
  private List<SysfsWrite> undo = List.of();
  private boolean over;

  ThreadedSysfsWriter(Kernel kernel) {
    this.kernel = kernel;
  }

  @Override
  public synchronized void begin(SysfsWrite write) {
    if (over || underWay != null) {
      throw new IllegalStateException(over ? "the writer is closed" : "a write is under way");
    }
    underWay =
        CompletableFuture.supplyAsync(
            () -> write(write),
            task -> Thread.ofPlatform().daemon().name("write " + write.file()).start(task));
  }

  @Override
  public OptionalInt await(Duration time) {
    CompletableFuture<Integer> result;
    synchronized (this) {
      if (underWay == null) {
        throw new IllegalStateException("no write is under way");
      }
      result = underWay;
    }
    try {
      int answer = result.get(time.toNanos(), TimeUnit.NANOSECONDS);
      synchronized (this) {
        underWay = null;
      }
      return OptionalInt.of(answer);
    } catch (TimeoutException notYet) {
      return OptionalInt.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return OptionalInt.empty();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  @Override
  public synchronized void undo(List<SysfsWrite> writes) {
    undo = List.copyOf(writes);
  }

  @Override
  public String whereabouts() {
    return "";
  }

  @Override
  public synchronized void leave() {
    if (over) {
      return;
    }
    over = true;
    CompletableFuture<?> last = underWay == null ? CompletableFuture.completedFuture(0) : underWay;
    var _ = last.thenRunAsync(() -> undo.forEach(this::write));
  }

  @Override
  public synchronized void close() {
    over = true;
  }

  private int write(SysfsWrite write) {
    int fd = kernel.open(write.file().toString(), libc_h.O_WRONLY() | libc_h.O_CLOEXEC());
    if (fd < 0) {
      return fd;
    }
    try (var arena = Arena.ofConfined()) {
      byte[] line = write.line().getBytes(StandardCharsets.UTF_8);
      long written = kernel.write(fd, arena.allocateFrom(ValueLayout.JAVA_BYTE, line));
      return (int) Math.min(written, 0);
    } finally {
      kernel.close(fd);
    }
  }
}
