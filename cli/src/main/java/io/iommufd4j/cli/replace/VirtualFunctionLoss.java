// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import io.iommufd4j.pci.PciDevice;
import java.util.List;
import java.util.stream.Collectors;

/** Says which virtual functions go when a physical one changes its driver. */
public final class VirtualFunctionLoss {

  private VirtualFunctionLoss() {}

  /** For a run, after which they are made again. */
  public static String forNow(PciDevice physical, List<PciDevice> functions) {
    return going(physical, functions)
        + " while it is taken and are made again afterwards, without what the host set for them"
        + " (MAC addresses, VLANs, rates)";
  }

  /** For good. */
  public static String forGood(PciDevice physical, List<PciDevice> functions) {
    return going(physical, functions) + " for good";
  }

  private static String going(PciDevice physical, List<PciDevice> functions) {
    return physical.address()
        + "'s virtual functions go"
        + functions.stream()
            .map(function ->
                function.address() + function.driver().map(name -> " (" + name + ")").orElse(""))
            .collect(Collectors.joining(", ", " (", ")"));
  }
}
