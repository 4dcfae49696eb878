// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks;

import com.sun.management.ThreadMXBean;
import io.iommufd4j.pci.PciAddress;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.LongConsumer;
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

  private final CTwin c;
  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private CallCosts(CTwin c) {
    this.c = c;
  }

  /**
   * Prints a table of medians.
   *
   * @param arguments the C program; and the PCI addresses of a device for Java and of one for C,
   *     which vfio-pci has both. Without devices the one call is made that any Linux refuses at
   *     once, so that the crossing to the kernel is all there is.
   * @throws IOException when the C program cannot be started or says something unexpected
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length == 3) {
      besideDevices(arguments[0], arguments[1], PciAddress.parse(arguments[2]));
    } else if (arguments.length == 1) {
      try (var c = CTwin.start(arguments[0]);
          var refused = new RefusedCall()) {
        new CallCosts(c).print(List.of(refused(refused)));
      }
    } else {
      System.err.println("usage: CallCosts C-PROGRAM [DEVICE ITS-DEVICE]");
      System.exit(2);
    }
  }

  private static void besideDevices(String program, String device, PciAddress its)
      throws IOException {
    var bound = new BoundDevice();
    bound.backend = "native";
    bound.device = device;
    bound.bind();
    try (var c = CTwin.start(program, cdev(its))) {
      new CallCosts(c).print(ofDevice(bound));
    } finally {
      bound.release();
    }
  }

  private void print(List<Call> calls) throws IOException {
    System.out.printf(
        "%-15s %9s %14s %9s %7s %16s %12s%n",
        "call", "C ns", "C 2 threads ns", "Java ns", "Java:C", "Java:C 2 threads", "bytes/call");
    for (Call call : calls) {
      System.out.println(compare(call));
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
      long nanos = call.nanos(calls);
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
        call.name,
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
      ours += call.nanos(calls);
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

  private static double median(Round[] rounds, ToDoubleFunction<Round> figure) {
    return Arrays.stream(rounds).mapToDouble(figure).sorted().toArray()[rounds.length / 2];
  }

  /**
   * A call that is compared.
   *
   * @param name of it in the table; bare ones are made in blocks that are filled already, which
   *     leaves what the crossing to native code costs
   * @param twin the C program's name of it
   * @param loop makes so many; a loop of its own for each, so that the JVM compiles each by itself
   */
  private record Call(String name, String twin, LongConsumer loop) {

    long nanos(long calls) {
      long begin = System.nanoTime();
      loop.accept(calls);
      return System.nanoTime() - begin;
    }
  }

  private static List<Call> ofDevice(BoundDevice bound) {
    return List.of(
        // VFIO_DEVICE_ATTACH_IOMMUFD_PT of an attached device, to and fro.
        new Call(
            "replace",
            "replace",
            calls -> {
              for (long i = 0; i < calls; i++) {
                bound.replaceOnce();
              }
            }),
        // IOMMU_IOAS_MAP and IOMMU_IOAS_UNMAP of one page of 4 KiB.
        new Call(
            "map-unmap",
            "map-unmap",
            calls -> {
              for (long i = 0; i < calls; i++) {
                bound.mapAndUnmapOnce();
              }
            }),
        new Call(
            "bare-map-unmap",
            "map-unmap",
            calls -> {
              for (long i = 0; i < calls; i++) {
                bound.bareMapAndUnmapOnce();
              }
            }),
        // IOMMU_OPTION get: the shortest request there is.
        new Call(
            "option",
            "option",
            calls -> {
              for (long i = 0; i < calls; i++) {
                bound.optionOnce();
              }
            }),
        new Call(
            "bare-option",
            "option",
            calls -> {
              for (long i = 0; i < calls; i++) {
                bound.bareOptionOnce();
              }
            }));
  }

  private static Call refused(RefusedCall refused) {
    return new Call(
        "refused",
        "refused",
        calls -> {
          for (long i = 0; i < calls; i++) {
            refused.once();
          }
        });
  }
}
