// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples.nvme;

import io.iommufd4j.Hwpt;
import io.iommufd4j.vfio.VfioDevice;
import java.lang.foreign.MemorySegment;

/** A page that is other memory in each of two HWPTs: where a read ends shows which translates. */
final class SplitPage {

  private final NvmeController controller;
  private final Namespace namespace;
  private final long iova;
  private final BlockCheck inA;
  private final BlockCheck inB;

  SplitPage(
      NvmeController controller,
      Namespace namespace,
      long iova,
      MemorySegment onlyA,
      MemorySegment onlyB) {
    this.controller = controller;
    this.namespace = namespace;
    this.iova = iova;
    this.inA = new BlockCheck(onlyA);
    this.inB = new BlockCheck(onlyB);
  }

  /**
   * Replaces by turns, and reads after each. Block 0 has to be of {@code generation}.
   *
   * @return how many of the reads went to the memory of the HWPT that was attached last, and
   *     nothing to the other
   */
  int count(VfioDevice device, int replaces, Hwpt a, Hwpt b, int generation) {
    int right = 0;
    for (int i = 0; i < replaces; i++) {
      boolean toA = i % 2 == 1;
      device.replace(toA ? a : b);
      inA.blank(0);
      inB.blank(0);
      controller.read(namespace, iova, BlockCheck.BYTES / namespace.blockBytes());
      BlockCheck.Finding arrived = (toA ? inA : inB).check(0, 0, generation);
      BlockCheck.Finding other = (toA ? inB : inA).check(0, 0, generation);
      if (arrived == BlockCheck.Finding.RIGHT && other == BlockCheck.Finding.MISSING) {
        right++;
      }
    }
    return right;
  }
}
