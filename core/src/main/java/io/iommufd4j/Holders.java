package io.iommufd4j;

import io.iommufd4j.host.Holder;
import io.iommufd4j.host.Holder.Hold;
import io.iommufd4j.host.PciDevice;
import io.iommufd4j.kernel.Kernel;
import java.util.List;
import java.util.stream.Collectors;

/** Who else holds a device, in words; empty when nobody is seen. */
final class Holders {

  private final Kernel kernel;
  private final DeviceFacts facts;

  Holders(Kernel kernel, DeviceFacts facts) {
    this.kernel = kernel;
    this.facts = facts;
  }

  /** Who has the cdev of the device, besides the one descriptor that is asked about. */
  String besidesThisDescriptor() {
    List<Holder> holders = of(facts.device());
    boolean another =
        holders.stream().filter(Holders::isThisProcess).filter(Holders::isCdev).count() > 1;
    return said(
        holders.stream()
            .filter(holder -> another || !isThisProcess(holder) || !isCdev(holder))
            .toList());
  }

  /** Who has the VFIO group of the device open. */
  String ofGroup() {
    return said(
        of(facts.device()).stream()
            .filter(holder -> holder.hold() != Hold.CDEV && holder.hold() != Hold.MAPPING)
            .toList());
  }

  /** Who has a sibling of the device. */
  String ofSibling(PciDevice sibling) {
    return said(of(sibling));
  }

  private List<Holder> of(PciDevice device) {
    return facts.host().holders(kernel, device);
  }

  private static boolean isThisProcess(Holder holder) {
    return holder.pid() == ProcessHandle.current().pid();
  }

  private static boolean isCdev(Holder holder) {
    return holder.hold() == Hold.CDEV;
  }

  private static String said(List<Holder> holders) {
    return holders.stream().map(Holder::toString).distinct().collect(Collectors.joining(", "));
  }
}
