// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Holder;
import io.iommufd4j.pci.Holder.Hold;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.pci.VfioHolders;
import java.util.List;

/** Names who else holds a device; empty when nobody is found. */
final class Holders {

  private final VfioHolders index;
  private final DeviceFacts facts;

  Holders(Kernel kernel, DeviceFacts facts) {
    this.index = VfioHolders.of(kernel);
    this.facts = facts;
  }

  /** Holders of the device's cdev, besides the one descriptor that is asked about. */
  String besidesThisDescriptor() {
    List<Holder> holders = of(facts.device());
    boolean another =
        holders.stream().filter(Holders::isThisProcess).filter(Holders::isCdev).count() > 1;
    return Holder.describe(
        holders.stream()
            .filter(holder -> another || !isThisProcess(holder) || !isCdev(holder))
            .toList());
  }

  /** Holders of the device's VFIO group. */
  String ofGroup() {
    return Holder.describe(
        of(facts.device()).stream()
            .filter(holder -> holder.hold() != Hold.CDEV && holder.hold() != Hold.MAPPING)
            .toList());
  }

  /** Holders of a sibling of the device. */
  String ofSibling(PciDevice sibling) {
    return Holder.describe(of(sibling));
  }

  private List<Holder> of(PciDevice device) {
    return index.of(device);
  }

  private static boolean isThisProcess(Holder holder) {
    return holder.pid() == ProcessHandle.current().pid();
  }

  private static boolean isCdev(Holder holder) {
    return holder.hold() == Hold.CDEV;
  }
}
