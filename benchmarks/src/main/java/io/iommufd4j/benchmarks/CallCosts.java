// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks;

import com.sun.management.ThreadMXBean;
import io.iommufd4j.pci.PciAddress;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Compares the cost of a call from Java with the cost of the same call from C, in one boot: both
 * processes live all the time, are warm, and take turns on devices of the same kind. The C side is
 * {@code src/main/c/call-costs.c}; {@code benchmarks/beside-c} starts this program in the lab.
 *
 * <p>C is timed twice: alone in its process, and with a second thread that sleeps. Linux counts
 * references to a file in each call only in a process with several threads ({@code fdget}), and a
 * Java process always has several.
 */
public final class CallCosts {

  private static final int ROUNDS = 9;
  private static final int TURNS = 10;
  private static final long TURN_NANOS = 40_000_000;
  private static final int WARM_UP_TURNS = 120;

  private final BoundDevice bound;
  private final CTwin c;
  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private CallCosts(BoundDevice bound, CTwin c) {
    this.bound = bound;
    this.c = c;
  }

  /**
   * Prints a table of medians.
   *
   * @param arguments the PCI address of a device for Java, the C program, the PCI address of a
   *     device for it; vfio-pci has both
   * @throws IOException when the C program cannot be started or says something unexpected
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 3) {
      System.err.println("usage: CallCosts DEVICE C-PROGRAM ITS-DEVICE");
      System.exit(2);
    }
    var bound = new BoundDevice();
    bound.backend = "native";
    bound.device = arguments[0];
    bound.bind();
    try (var c = CTwin.start(arguments[1], cdev(PciAddress.parse(arguments[2])))) {
      var costs = new CallCosts(bound, c);
      System.out.printf(
          "%-15s %9s %14s %9s %7s %16s %12s%n",
          "call", "C ns", "C 2 threads ns", "Java ns", "Java:C", "Java:C 2 threads", "bytes/call");
      for (Call call : Call.values()) {
        System.out.println(costs.compare(call));
      }
    } finally {
      bound.release();
    }
  }

  private static String cdev(PciAddress address) throws IOException {
    var directory = Path.of("/sys/bus/pci/devices", address.toString(), "vfio-dev");
    try (var names = Files.list(directory)) {
      Path name = names.findFirst().orElseThrow(() -> new IOException(directory + " is empty"));
      return "/dev/vfio/devices/" + name.getFileName();
    }
  }

  private String compare(Call call) throws IOException {
    // As many calls as take one turn's time here; C makes as many.
    long calls = 1000;
    for (int i = 0; i < WARM_UP_TURNS; i++) {
      long nanos = java(call, calls);
      calls = Math.clamp(calls * TURN_NANOS / nanos, 100, 10_000_000);
      c.run(call.twin, Math.max(100, calls / 10), 1);
    }
    var rounds = new Round[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      rounds[i] = round(call, calls);
    }
    return String.format(
        Locale.ROOT,
        "%-15s %9.0f %14.0f %9.0f %7.3f %16.3f %12d",
        call.name().toLowerCase(Locale.ROOT).replace('_', '-'),
        median(rounds, Round::alone),
        median(rounds, Round::threaded),
        median(rounds, Round::ours),
        median(rounds, round -> round.ours / round.alone),
        median(rounds, round -> round.ours / round.threaded),
        (long) Arrays.stream(rounds).mapToDouble(Round::bytes).min().orElseThrow());
  }

  /** Short turns one after the other, so that what else the machine does meets all three alike. */
  private Round round(Call call, long calls) throws IOException {
    long alone = 0;
    long threaded = 0;
    long ours = 0;
    long bytes = 0;
    for (int turn = 0; turn < TURNS; turn++) {
      alone += c.run(call.twin, calls, 1);
      threaded += c.run(call.twin, calls, 2);
      long before = threads.getCurrentThreadAllocatedBytes();
      ours += java(call, calls);
      bytes += threads.getCurrentThreadAllocatedBytes() - before;
    }
    double all = (double) TURNS * calls;
    return new Round(alone / all, threaded / all, ours / all, bytes / all);
  }

  /**
   * The costs of one call.
   *
   * @param alone nanoseconds in C
   * @param threaded nanoseconds in C with a second thread
   * @param ours nanoseconds in Java
   * @param bytes allocated on the Java heap
   */
  private record Round(double alone, double threaded, double ours, double bytes) {}

  private long java(Call call, long calls) {
    long begin = System.nanoTime();
    switch (call) {
      case REPLACE -> {
        for (long i = 0; i < calls; i++) {
          bound.replaceOnce();
        }
      }
      case MAP_UNMAP -> {
        for (long i = 0; i < calls; i++) {
          bound.mapAndUnmapOnce();
        }
      }
      case BARE_MAP_UNMAP -> {
        for (long i = 0; i < calls; i++) {
          bound.bareMapAndUnmapOnce();
        }
      }
      case OPTION -> {
        for (long i = 0; i < calls; i++) {
          bound.optionOnce();
        }
      }
      case BARE_OPTION -> {
        for (long i = 0; i < calls; i++) {
          bound.bareOptionOnce();
        }
      }
    }
    return System.nanoTime() - begin;
  }

  private static double median(Round[] rounds, ToDoubleFunction<Round> figure) {
    return Arrays.stream(rounds).mapToDouble(figure).sorted().toArray()[rounds.length / 2];
  }

  /** The calls compared. */
  enum Call {
    /** {@code VFIO_DEVICE_ATTACH_IOMMUFD_PT} of an attached device, to and fro. */
    REPLACE("replace"),
    /** {@code IOMMU_IOAS_MAP} and {@code IOMMU_IOAS_UNMAP} of one page of 4 KiB. */
    MAP_UNMAP("map-unmap"),
    /** The same in blocks that are filled already: what the crossing to native code costs. */
    BARE_MAP_UNMAP("map-unmap"),
    /** {@code IOMMU_OPTION} get: the shortest request there is. */
    OPTION("option"),
    /** The same in a block that is filled already. */
    BARE_OPTION("option");

    /** The C program's name of it. */
    private final String twin;

    Call(String twin) {
      this.twin = twin;
    }
  }
}
