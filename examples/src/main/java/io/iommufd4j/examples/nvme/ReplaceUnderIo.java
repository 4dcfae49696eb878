// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples.nvme;

import com.sun.management.ThreadMXBean;
import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Hwpt;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.vfio.VfioDevice;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.Set;

/**
 * Replaces the translation under a drive in use. Two HWPTs of two IOASes map the same memory at the
 * same IOVAs, so that each is right at any time; and beside it one page is another in each, which
 * shows that a replace does switch.
 */
final class ReplaceUnderIo {

  private static final long IOVA = 0x1000_0000;
  private static final int MOST_DRIVE_BLOCKS = 4096;

  private final Kernel kernel;
  private final Set<HwptFlag> secondFlags;
  private final PrintStream out;
  private final Counts counts = new Counts();

  /**
   * An experiment.
   *
   * @param kernel the kernel that has the drive
   * @param secondFlags flags of the second HWPT
   * @param out where the results go
   */
  ReplaceUnderIo(Kernel kernel, Set<HwptFlag> secondFlags, PrintStream out) {
    this.kernel = kernel;
    this.secondFlags = secondFlags;
    this.out = out;
  }

  /**
   * Runs all of it.
   *
   * @param device not bound yet
   * @param replaces under the workload
   * @param switches of those after it, each with one read that shows where data goes
   * @return true if nothing was lost or foreign, and every replace switched
   * @throws NvmeException when the controller does not do what it has to
   */
  boolean run(VfioDevice device, int replaces, int switches) {
    int pages = NvmeController.PAGES + Workload.PAGES;
    long bytes = (long) pages * DmaMemory.PAGE;
    try (var iommufd = Iommufd.open(kernel);
        var shared = DmaBuffer.allocate(kernel, bytes);
        var onlyA = DmaBuffer.allocate(kernel, DmaMemory.PAGE);
        var onlyB = DmaBuffer.allocate(kernel, DmaMemory.PAGE)) {
      device.bind(iommufd);
      Ioas ioasA = iommufd.newIoas();
      Ioas ioasB = iommufd.newIoas();
      ioasA.map(shared.segment(), IOVA, Access.READ_WRITE);
      ioasB.map(shared.segment(), IOVA, Access.READ_WRITE);
      long different = IOVA + shared.byteSize();
      ioasA.map(onlyA.segment(), different, Access.READ_WRITE);
      ioasB.map(onlyB.segment(), different, Access.READ_WRITE);
      Hwpt a = iommufd.newHwpt(device, ioasA);
      Hwpt b = iommufd.newHwpt(device, ioasB, secondFlags);
      device.attach(a);
      var memory = new DmaMemory(shared.segment(), IOVA);
      try (var controller = NvmeController.open(device, memory)) {
        Namespace namespace = namespace(controller);
        Workload workload = workload(controller, namespace, memory);
        underIo(workload, device, replaces, a, b);
        var split =
            new SplitPage(controller, namespace, different, onlyA.segment(), onlyB.segment());
        int switched = split.count(device, switches, a, b, workload.generation(0));
        out.printf("%d of %d replaces moved the data to the other memory%n", switched, switches);
        return counts.lost == 0 && counts.foreign == 0 && switched == switches;
      } finally {
        device.detach();
      }
    }
  }

  private Namespace namespace(NvmeController controller) {
    Namespace namespace = controller.namespace(1);
    out.printf(
        "%s: %d blocks of %d bytes%n",
        controller.identify(), namespace.blocks(), namespace.blockBytes());
    if (controller.maxTransfer() < (long) Workload.MOST_BLOCKS * BlockCheck.BYTES) {
      throw new NvmeException("the controller takes no commands of 16 KiB");
    }
    return namespace;
  }

  private Workload workload(NvmeController controller, Namespace namespace, DmaMemory memory) {
    long fit = namespace.blocks() * namespace.blockBytes() / BlockCheck.BYTES;
    int driveBlocks = (int) Math.min(MOST_DRIVE_BLOCKS, fit);
    long own = (long) NvmeController.PAGES * DmaMemory.PAGE;
    DmaMemory rest = memory.slice(own, (long) Workload.PAGES * DmaMemory.PAGE);
    return new Workload(controller, namespace, driveBlocks, rest, counts);
  }

  private void underIo(Workload workload, VfioDevice device, int replaces, Hwpt a, Hwpt b) {
    workload.writeAll();
    long start = System.nanoTime();
    Runnable toA = () -> device.replace(a);
    Runnable toB = () -> device.replace(b);
    long allocatedBefore = 0;
    long commandsBefore = 0;
    for (int i = 0; i < replaces; i++) {
      if (i == replaces / 2) { // by then all of it is compiled
        allocatedBefore = allocated();
        commandsBefore = counts.commands;
      }
      workload.fill();
      workload.under(i % 2 == 0 ? toB : toA);
      workload.complete();
    }
    long allocated = allocated() - allocatedBefore;
    long commands = counts.commands - commandsBefore;
    workload.drain();
    double seconds = (System.nanoTime() - start) / 1e9;
    if (replaces % 2 != 0) {
      device.replace(a);
    }
    workload.readAll();
    report(replaces, seconds);
    out.printf(
        Locale.ROOT,
        "%.2f bytes allocated per command in the second half%n",
        (double) allocated / Math.max(1, commands));
  }

  /** Bytes that this thread has allocated on the heap since it began. */
  private static long allocated() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }

  private void report(int replaces, double seconds) {
    out.printf(
        Locale.ROOT,
        "%d replaces, %.1f of %d commands outstanding at each, %d completed meanwhile%n",
        replaces,
        (double) counts.outstanding / Math.max(1, replaces),
        Workload.DEPTH,
        counts.duringReplace);
    out.printf(
        Locale.ROOT,
        "%d commands with %.1f MB in %.1f s%n",
        counts.commands,
        counts.bytes / 1e6,
        seconds);
    out.printf(
        "failed and given again: %d (%d refused, %d incomplete, %d ended by a reset);"
            + " %d resets, %d time-outs%n",
        counts.retried(),
        counts.refused,
        counts.incomplete,
        counts.ended,
        counts.resets,
        counts.timeouts);
    out.printf("lost %d, foreign %d%n", counts.lost, counts.foreign);
  }
}
