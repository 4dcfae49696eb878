// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.sysfs;

import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.pci.SriovCapability;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** The attribute {@code resource} of a function ({@code resource_show}). */
final class ResourceTable {

  private static final int RESOURCES = 13;

  /** {@code PCI_IOV_RESOURCES}. */
  private static final int VIRTUAL_RESOURCE = 7;

  private static final HexFormat HEX = HexFormat.of();

  private ResourceTable() {}

  /**
   * The text: first and last address and flags of each BAR, then of each BAR of virtual functions.
   */
  static String of(PciFunction function) {
    var lines = new StringBuilder();
    for (int index = 0; index < RESOURCES; index++) {
      long[] resource =
          index >= VIRTUAL_RESOURCE
              ? virtualResource(function, index - VIRTUAL_RESOURCE)
              : barOf(function.bars(), index).map(ResourceTable::resource).orElse(new long[3]);
      for (int field = 0; field < resource.length; field++) {
        lines.append(field == 0 ? "0x" : " 0x").append(HEX.toHexDigits(resource[field]));
      }
      lines.append('\n');
    }
    return lines.toString();
  }

  private static long[] resource(PciFunction.Bar bar) {
    return new long[] {bar.base(), bar.base() + bar.bytes() - 1, bar.space().flags()};
  }

  private static Optional<PciFunction.Bar> barOf(List<PciFunction.Bar> bars, int index) {
    return bars.stream().filter(bar -> bar.index() == index).findFirst();
  }

  /** A BAR of all virtual functions that there can be, one behind the other. */
  private static long[] virtualResource(PciFunction function, int index) {
    SriovCapability sriov = function.sriov();
    var first = sriov == null ? Optional.<PciFunction.Bar>empty() : barOf(sriov.bars(), index);
    if (sriov == null || first.isEmpty()) {
      return new long[3];
    }
    long[] one = resource(first.get());
    return new long[] {one[0], one[0] + sriov.total() * first.get().bytes() - 1, one[2]};
  }
}
