// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;

/**
 * A driver of the kernel's own devices. Most do DMA through the DMA API, and so keep the group from
 * anyone else while they are bound; a port's driver does none.
 *
 * @param name as sysfs names it
 * @param managesDma {@code driver_managed_dma}: whether it leaves the group's DMA to others
 */
public record KernelDriver(String name, boolean managesDma) implements PciDriver {

  @Override
  public boolean matches(PciFunction function) {
    for (FunctionKind kind : FunctionKind.values()) {
      if (kind.driver().equals(name)
          && kind.vendor() == function.vendor()
          && kind.device() == function.deviceId()) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void probe(PciFunction function) {
    if (!managesDma && function.device().translated()) {
      function.device().group().useDefaultDomain();
    }
    if (!matches(function)) {
      remove(function);
      throw Refused.with(Errno.ENODEV);
    }
  }

  @Override
  public void remove(PciFunction function) {
    if (!managesDma && function.device().translated()) {
      function.device().group().unuseDefaultDomain();
    }
  }
}
