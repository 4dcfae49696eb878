// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.iommufd4j.sim.device.Register;
import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A function's BARs where programs have them mapped. Nothing traps an access to plain memory, so
 * while there is a mapping a thread looks after it: a register that differs from what it shows was
 * written, is handed to the function, and then shows what the function reads. A write is therefore
 * seen a little later than it is made, a write of the value that shows is not seen, and an access
 * with memory decoding off meets all ones where Linux raises {@code SIGBUS}.
 */
public final class BarWindows {

  /** Made when the first window is watched: most functions are never mapped. */
  private static final class Cells {
    static final VarHandle INTS = JAVA_INT.varHandle();
    static final VarHandle LONGS = JAVA_LONG.varHandle();
  }

  private static final int ROUNDS_BEFORE_REST = 200;
  private static final long REST_NANOS = 50_000;

  /** One register in one mapping. */
  private static final class Cell {
    final MemorySegment memory;
    final long at;
    final int bar;
    final Register register;
    long shown;
    long seen;

    Cell(MemorySegment memory, long at, int bar, Register register) {
      this.memory = memory;
      this.at = at;
      this.bar = bar;
      this.register = register;
    }

    long load() {
      return register.bytes() == 4
          ? (int) Cells.INTS.getAcquire(memory, at)
          : (long) Cells.LONGS.getAcquire(memory, at);
    }

    /** Shows a first value: no program has the memory yet. */
    void begin(long value) {
      if (register.bytes() == 4) {
        Cells.INTS.setRelease(memory, at, (int) value);
      } else {
        Cells.LONGS.setRelease(memory, at, value);
      }
      shown = load();
      seen = shown;
    }

    /** Shows a value, unless the program has written meanwhile. */
    void show(long value) {
      boolean shows =
          register.bytes() == 4
              ? Cells.INTS.compareAndSet(memory, at, (int) shown, (int) value)
              : Cells.LONGS.compareAndSet(memory, at, shown, value);
      if (shows) {
        long now = register.bytes() == 4 ? (int) value : value;
        // Else it was written before, and is to be handed over still.
        if (seen == shown) {
          seen = now;
        }
        shown = now;
      }
    }
  }

  /**
   * One mapping.
   *
   * @param decoding whether memory accesses reach the function at this moment
   */
  private record Window(
      PciFunction function, MemorySegment memory, List<Cell> cells, BooleanSupplier decoding) {

    long read(Cell cell) {
      if (!decoding.getAsBoolean()) {
        return -1;
      }
      Register register = cell.register;
      long value = function.showBar(cell.bar, register);
      return register.bytes() == 4 ? (int) value : value;
    }

    void write(Cell cell) {
      if (decoding.getAsBoolean()) {
        Register register = cell.register;
        function.store(cell.bar, register.offset(), register.bytes(), cell.shown);
      }
    }

    void show() {
      for (Cell cell : cells) {
        long value = read(cell);
        if (value != cell.shown) {
          cell.show(value);
        }
      }
    }
  }

  private final List<Window> windows = new ArrayList<>();
  private @Nullable Thread keeper;

  /**
   * Maps a piece of a BAR.
   *
   * @param decoding whether memory accesses reach the function at this moment
   */
  public MemorySegment map(
      PciFunction function, int bar, long offset, long bytes, BooleanSupplier decoding) {
    // Not freed at once: a program may touch what it mapped after the kernel has ended.
    MemorySegment memory = Arena.ofAuto().allocate(bytes, UserMemory.PAGE_SIZE);
    map(function, bar, offset, memory, decoding);
    return memory;
  }

  /**
   * As {@link #map(PciFunction, int, long, long, BooleanSupplier)}, in memory that is there until
   * {@link #unmap}.
   */
  public void map(
      PciFunction function, int bar, long offset, MemorySegment memory, BooleanSupplier decoding) {
    long bytes = memory.byteSize();
    function.fillBar(bar, offset, memory);
    var cells = new ArrayList<Cell>();
    for (Register register : function.registers(bar)) {
      long at = register.offset() - offset;
      if (at >= 0 && at + register.bytes() <= bytes) {
        cells.add(new Cell(memory, at, bar, register));
      }
    }
    var window = new Window(function, memory, cells, decoding);
    for (Cell cell : cells) {
      cell.begin(window.read(cell));
    }
    synchronized (this) {
      windows.add(window);
      if (keeper == null) {
        keeper = Thread.ofPlatform().daemon().name("bars of " + function).start(this::lookAfter);
      }
    }
  }

  /** Ends a mapping; the last one ends the thread. */
  public void unmap(MemorySegment memory) {
    Thread ended = null;
    synchronized (this) {
      for (Window window : windows) {
        if (window.memory().address() == memory.address()) {
          look(window);
          windows.remove(window);
          break;
        }
      }
      if (windows.isEmpty()) {
        ended = keeper;
        keeper = null;
      }
    }
    if (ended != null) {
      LockSupport.unpark(ended);
      join(ended);
    }
  }

  private void lookAfter() {
    Thread self = Thread.currentThread();
    int quiet = 0;
    while (true) {
      boolean busy = false;
      synchronized (this) {
        if (keeper != self) {
          return;
        }
        for (Window window : windows) {
          busy |= look(window);
        }
      }
      quiet = busy ? 0 : quiet + 1;
      if (quiet < ROUNDS_BEFORE_REST) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(REST_NANOS);
      }
    }
  }

  /** Loads last to first and hands over first to last, so that work starts on what was written. */
  private boolean look(Window window) {
    List<Cell> cells = window.cells();
    for (int i = cells.size() - 1; i >= 0; i--) {
      Cell cell = cells.get(i);
      cell.seen = cell.load();
    }
    boolean busy = false;
    for (Cell cell : cells) {
      if (cell.seen != cell.shown) {
        busy = true;
        cell.shown = cell.seen;
        window.write(cell);
      }
    }
    window.show();
    return busy;
  }

  /**
   * Shows in every mapping what the registers read now. Who is told by an interrupt looks at them
   * at once, so they have to show before.
   */
  public synchronized void show() {
    windows.forEach(Window::show);
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
