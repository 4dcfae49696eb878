// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.switching;

import io.iommufd4j.Hwpt;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.cli.replace.EduEngine;
import io.iommufd4j.cli.replace.Interruption;
import io.iommufd4j.cli.replace.StoppedException;
import io.iommufd4j.cli.replace.Undo;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.vfio.VfioDevice;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;

/** Measures one case: so many areas of one size, each way. */
final class CaseTrial {

  /** Transfers that show the device's own pace. */
  private static final int QUIET_TRANSFERS = 5;

  /** Areas between two looks whether somebody asked to stop. */
  private static final int LOOK = 1024;

  /** IOVAs that QEMU's edu reaches. */
  private static final long REACH = 1L << 28;

  private static final double FILLED = 0.4;

  /** In the first case the JVM has not compiled yet what the switches take. */
  private static final int FIRST_WARM_UP = 2;

  private final Kernel kernel;
  private final Iommufd iommufd;
  private final List<VfioDevice> devices;
  private final @Nullable EduEngine engine;
  private final SwitchOrder order;
  private final Interruption interruption;

  private final List<SideMemory> memories = new ArrayList<>();
  private final List<Ioas> ioases = new ArrayList<>();
  private final List<Hwpt> hwpts = new ArrayList<>();
  private final List<WayResult> results = new ArrayList<>();
  private long[] iovas = {};
  private long bytes;
  private boolean cold;
  private long fillNanos;
  private DmaCount quiet = DmaCount.NONE;
  private @Nullable DmaPump pump;

  /** The IOAS whose HWPT the devices have. */
  private int attached;

  /** The side whose memory they reach. */
  private int side;

  /**
   * Prepares.
   *
   * @param devices the attached devices of one group, not attached yet
   * @param engine of the first of them; null where it has none that is known
   */
  CaseTrial(
      Kernel kernel,
      Iommufd iommufd,
      List<VfioDevice> devices,
      @Nullable EduEngine engine,
      SwitchOrder order,
      Interruption interruption) {
    this.kernel = kernel;
    this.iommufd = iommufd;
    this.devices = devices;
    this.engine = engine;
    this.order = order;
    this.interruption = interruption;
  }

  /**
   * Measures, and leaves the devices detached. Asked to stop, it keeps what it has.
   *
   * @param first true for the first case of a run
   * @param share is told how much of the case is done, 0 to 1
   */
  SwitchCase run(int count, long areaBytes, boolean first, DoubleConsumer share) {
    bytes = areaBytes;
    cold = first;
    Optional<SwitchCase.Limit> limit;
    try (var undo = new Undo()) {
      setUp(undo, count);
      limit = fillAll(undo, count, share);
      if (limit.isEmpty()) {
        measure(undo, share);
      }
    } catch (StoppedException stopped) {
      limit = Optional.empty();
    }
    results.sort(Comparator.comparing(WayResult::way));
    return new SwitchCase(
        count, areaBytes, limit.isPresent() ? 0 : fillNanos, pump != null, quiet, results, limit);
  }

  private void setUp(Undo undo, int count) {
    interruption.check();
    for (int i = 0; i < 2; i++) {
      Ioas ioas = iommufd.newIoas();
      undo.add(ioas::close);
      ioases.add(ioas);
      // Before anything is mapped, so that each area goes into the page table as it is mapped.
      Hwpt hwpt = iommufd.newHwpt(devices.getFirst(), ioas);
      undo.add(hwpt::close);
      hwpts.add(hwpt);
    }
    for (VfioDevice device : devices) {
      device.attach(hwpts.getFirst());
      undo.add(device::detach);
    }
    iovas = AreaLayout.of(ioases.getFirst().iovaRanges(), count, bytes);
  }

  /** Why not all areas went in; empty when they did. */
  private Optional<SwitchCase.Limit> fillAll(Undo undo, int count, DoubleConsumer share) {
    if (iovas.length < count) {
      return Optional.of(
          new SwitchCase.Limit(
              iovas.length,
              Optional.empty(),
              "the IOVAs have room for " + iovas.length + " areas of " + bytes + " bytes"));
    }
    // Not before it is known that there is room: it may be much.
    for (int i = 0; i < 2; i++) {
      var memory = SideMemory.allocate(kernel, bytes);
      undo.add(memory::close);
      memories.add(memory);
    }
    int sides = order.ways().equals(Set.of(Way.REMAP)) ? 1 : 2;
    for (int i = 0; i < sides; i++) {
      int before = i;
      long start = System.nanoTime();
      int placed = 0;
      try {
        for (; placed < count; placed++) {
          if (placed % LOOK == 0) {
            interruption.check();
            share.accept(FILLED * (before + (double) placed / count) / sides);
          }
          ioases.get(i).map(memories.get(i).address(), bytes, iovas[placed], Access.READ_WRITE);
        }
      } catch (KernelException refused) {
        return Optional.of(
            new SwitchCase.Limit(
                placed + i * count,
                Optional.of(refused.errno().name()),
                String.valueOf(refused.getMessage())));
      }
      fillNanos = System.nanoTime() - start;
    }
    return Optional.empty();
  }

  private void measure(Undo undo, DoubleConsumer share) {
    long period = 0;
    if (engine != null && iovas[0] + bytes <= REACH) {
      List<MemorySegment> blocks = memories.stream().map(SideMemory::block).toList();
      var started = new DmaPump(engine, iovas[0], blocks);
      undo.add(started::close);
      started.start();
      pump = started;
      started.awaitArrival(System.nanoTime());
      started.begin();
      for (int i = 0; i < QUIET_TRANSFERS; i++) {
        started.awaitArrival(System.nanoTime());
      }
      quiet = started.count();
      period = quiet.longestGapNanos();
    }
    List<Way> ways = List.of(Way.REPLACE, Way.REATTACH, Way.REMAP);
    double done = FILLED;
    for (Way way : ways) {
      if (order.ways().contains(way)) {
        share.accept(done);
        measure(way, period);
      }
      done += (1 - FILLED) / ways.size();
    }
  }

  private void measure(Way way, long period) {
    var trial = new WayTrial(way, () -> switchOnce(way), pump, interruption);
    try {
      if (cold) {
        trial.warmUp(FIRST_WARM_UP * order.time().toNanos());
      }
      trial.run(order.time(), period);
    } finally {
      trial.result().ifPresent(results::add);
    }
  }

  private int switchOnce(Way way) {
    switch (way) {
      case REPLACE -> {
        attached = 1 - attached;
        devices.getFirst().replace(hwpts.get(attached));
      }
      case REATTACH -> {
        attached = 1 - attached;
        devices.forEach(VfioDevice::detach);
        devices.forEach(device -> device.attach(hwpts.get(attached)));
      }
      case REMAP -> remap(ioases.get(attached), memories.get(1 - side).address());
    }
    // Remapping comes last: until then each IOAS maps the memory of its own side.
    side = 1 - side;
    return side;
  }

  private void remap(Ioas ioas, long address) {
    ioas.unmapAll();
    for (int i = 0; i < iovas.length; i++) {
      if (i % LOOK == 0) {
        interruption.check();
      }
      ioas.map(address, bytes, iovas[i], Access.READ_WRITE);
    }
  }
}
