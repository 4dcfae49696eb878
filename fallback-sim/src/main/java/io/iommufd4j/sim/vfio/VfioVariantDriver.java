// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import io.iommufd4j.sim.pci.PciDriver;
import io.iommufd4j.sim.pci.PciFunction;

/**
 * A VFIO driver made for one kind of device (a variant driver, as {@code virtio_vfio_pci}): its ids
 * count only for a function that names it ({@code PCI_DRIVER_OVERRIDE_DEVICE_VFIO}), and then it
 * takes any. It makes no virtual functions.
 *
 * @param name as sysfs names it
 * @param driver what it has in common with vfio-pci ({@code vfio_pci_core})
 */
public record VfioVariantDriver(String name, VfioPci driver) implements PciDriver {

  @Override
  public boolean matches(PciFunction function) {
    return false;
  }

  @Override
  public void probe(PciFunction function) {
    driver.probe(function);
  }

  @Override
  public void remove(PciFunction function) {
    driver.remove(function);
  }
}
