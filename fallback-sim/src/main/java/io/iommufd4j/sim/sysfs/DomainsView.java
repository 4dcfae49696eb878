// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.sysfs;

import io.iommufd4j.sim.fs.Sysfs;
import io.iommufd4j.sim.pci.PciFunction;

/** {@code /sys/class/pci_bus}: the root buses of the PCI domains behind VMDs. */
final class DomainsView {

  private final Sysfs sysfs;
  private final DeviceTree tree;

  DomainsView(Sysfs sysfs, DeviceTree tree) {
    this.sysfs = sysfs;
    this.tree = tree;
  }

  /** The root bus of the domain behind a VMD comes. */
  void show(PciFunction vmd) {
    String bus = tree.place(vmd) + "/" + tree.rootBus(vmd);
    String name = name(vmd);
    sysfs.link(bus + "/pci_bus/" + name + "/subsystem", "class/pci_bus");
    sysfs.link("class/pci_bus/" + name, bus + "/pci_bus/" + name);
    sysfs.link(tree.place(vmd) + "/domain", bus + "/pci_bus/" + name);
  }

  /** It goes, with all that is still on it. */
  void hide(PciFunction vmd) {
    sysfs.remove(tree.place(vmd) + "/domain");
    sysfs.remove("class/pci_bus/" + name(vmd));
    sysfs.remove(tree.place(vmd) + "/" + tree.rootBus(vmd));
  }

  private String name(PciFunction vmd) {
    return tree.rootBus(vmd).substring("pci".length());
  }
}
