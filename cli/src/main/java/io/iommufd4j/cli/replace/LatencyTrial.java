// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import io.iommufd4j.uapi.PageTableId;
import io.iommufd4j.vfio.VfioDevice;
import java.util.List;

/**
 * Times replace and detach + attach in turns, so that both meet the same machine. Both move the
 * whole group between the same two page tables.
 */
final class LatencyTrial {

  private static final int WARM_UP = 10;

  private final List<VfioDevice> devices;
  private final Side here;
  private final Side there;
  private final Interruption interruption;
  private final ProgressListener progress;

  /**
   * Starts from where the devices are.
   *
   * @param devices the attached devices of one group
   * @param here the side that they are attached to
   * @param there the other one
   */
  LatencyTrial(
      List<VfioDevice> devices,
      Side here,
      Side there,
      Interruption interruption,
      ProgressListener progress) {
    this.devices = devices;
    this.here = here;
    this.there = there;
    this.interruption = interruption;
    this.progress = progress;
  }

  /**
   * Ends where it began. Asked to stop, it keeps the rounds that are measured.
   *
   * @throws StoppedException when asked to stop before the first round that counts is over
   */
  Latency run(int rounds) {
    long[] replaces = new long[rounds];
    long[] reattaches = new long[rounds];
    int done = 0;
    for (int i = -WARM_UP; i < rounds; i++) {
      if (done == 0) {
        interruption.check();
      } else if (interruption.asked()) {
        break;
      }
      // Each way there and back by turns: neither direction may flatter one of the two.
      boolean replaceFirst = (i & 1) == 0;
      long first = replaceFirst ? replace(there) : reattach(there);
      long second = replaceFirst ? reattach(here) : replace(here);
      if (i >= 0) {
        replaces[i] = replaceFirst ? first : second;
        reattaches[i] = replaceFirst ? second : first;
        done = i + 1;
        progress.round(done, rounds);
      }
    }
    return new Latency(
        done,
        rounds,
        WARM_UP,
        LatencySummary.of(replaces, done),
        LatencySummary.of(reattaches, done));
  }

  private long replace(Side to) {
    VfioDevice device = devices.getFirst();
    PageTableId target = to.target();
    long start = System.nanoTime();
    device.replace(target);
    return System.nanoTime() - start;
  }

  private long reattach(Side to) {
    PageTableId target = to.target();
    long start = System.nanoTime();
    for (VfioDevice device : devices) {
      device.detach();
    }
    for (VfioDevice device : devices) {
      device.attach(target);
    }
    return System.nanoTime() - start;
  }
}
