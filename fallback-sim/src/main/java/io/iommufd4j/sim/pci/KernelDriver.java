// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.util.Set;

/**
 * A driver of the kernel's own devices. Most do DMA through the DMA API, and so keep the group from
 * anyone else while they are bound; a port's driver does none.
 *
 * @param name as sysfs names it
 * @param managesDma {@code driver_managed_dma}: whether it leaves the group's DMA to others
 * @param ids the functions that it takes beyond those of the usual machines: vendor in bits 31:16,
 *     device in bits 15:0
 */
public record KernelDriver(String name, boolean managesDma, Set<Integer> ids) implements PciDriver {

  /** A driver of the usual machines' functions. */
  public KernelDriver(String name, boolean managesDma) {
    this(name, managesDma, Set.of());
  }

  /** Copies what could change. */
  public KernelDriver {
    ids = Set.copyOf(ids);
  }

  @Override
  public boolean matches(PciFunction function) {
    for (FunctionKind kind : FunctionKind.values()) {
      if (kind.driver().equals(name)
          && kind.vendor() == function.vendor()
          && kind.device() == function.deviceId()) {
        return true;
      }
    }
    return ids.contains(function.vendor() << Short.SIZE | function.deviceId());
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
