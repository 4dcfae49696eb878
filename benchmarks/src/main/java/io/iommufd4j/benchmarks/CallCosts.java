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

/**
 * Compares the cost of a call from Java with the cost of the same call from C, in one boot: both
 * processes live all the time, are warm, and take turns on devices of the same kind. The C side is
 * {@code src/main/c/call-costs.c}; {@code benchmarks/beside-c} starts this program in the lab.
 */
public final class CallCosts {

  private static final int ROUNDS = 9;
  private static final long ROUND_NANOS = 400_000_000;
  private static final int WARM_UP_ROUNDS = 12;

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
    try (var c = CTwin.start(Path.of(arguments[1]), cdev(PciAddress.parse(arguments[2])))) {
      var costs = new CallCosts(bound, c);
      System.out.printf(
          "%-10s %9s %9s %7s %12s%n", "call", "C ns", "Java ns", "Java:C", "bytes/call");
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
    // As many calls as take one round's time here; C makes as many.
    long calls = 1000;
    for (int i = 0; i < WARM_UP_ROUNDS; i++) {
      long nanos = java(call, calls);
      calls = Math.clamp(calls * ROUND_NANOS / nanos, 100, 10_000_000);
      c.run(call, Math.max(100, calls / 10));
    }
    var ours = new double[ROUNDS];
    var theirs = new double[ROUNDS];
    var ratios = new double[ROUNDS];
    long leastBytes = Long.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      theirs[round] = (double) c.run(call, calls) / calls;
      long before = threads.getCurrentThreadAllocatedBytes();
      ours[round] = (double) java(call, calls) / calls;
      leastBytes = Math.min(leastBytes, threads.getCurrentThreadAllocatedBytes() - before);
      ratios[round] = ours[round] / theirs[round];
    }
    return String.format(
        Locale.ROOT,
        "%-10s %9.0f %9.0f %7.3f %12d",
        call.word(),
        median(theirs),
        median(ours),
        median(ratios),
        leastBytes / calls);
  }

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
      case OPTION -> {
        for (long i = 0; i < calls; i++) {
          bound.optionOnce();
        }
      }
    }
    return System.nanoTime() - begin;
  }

  private static double median(double[] values) {
    var sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** The calls compared. */
  enum Call {
    /** {@code VFIO_DEVICE_ATTACH_IOMMUFD_PT} of an attached device, to and fro. */
    REPLACE,
    /** {@code IOMMU_IOAS_MAP} and {@code IOMMU_IOAS_UNMAP} of one page of 4 KiB. */
    MAP_UNMAP,
    /** {@code IOMMU_OPTION} get: the shortest request there is. */
    OPTION;

    String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** The C program, alive from its start to {@link #close}. */
  private record CTwin(Process process) implements AutoCloseable {

    static CTwin start(Path program, String cdev) throws IOException {
      var command = List.of(program.toString(), cdev);
      return new CTwin(
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
    }

    /** {@return the nanoseconds of so many calls} */
    long run(Call call, long calls) throws IOException {
      var out = process.outputWriter();
      out.write(call.word() + " " + calls + "\n");
      out.flush();
      String answer = process.inputReader().readLine();
      if (answer == null) {
        throw new IOException("the C program ended");
      }
      return Long.parseLong(answer);
    }

    @Override
    public void close() throws IOException {
      process.outputWriter().close();
      process.inputReader().close();
    }
  }
}
