// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.pci.PciDriver;
import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.pci.SriovFunctions;
import io.iommufd4j.sim.pci.VirtualFunctions;

/**
 * vfio-pci on the PCI bus: it takes what {@code driver_override} or {@code new_id} names. Virtual
 * functions that it makes are its own, and go before their physical one does.
 *
 * @param virtualFunctions those of every function with SR-IOV
 */
public record VfioPciDriver(VfioPci driver, SriovFunctions virtualFunctions) implements PciDriver {

  @Override
  public String name() {
    return VfioPci.NAME;
  }

  @Override
  public boolean matches(PciFunction function) {
    return false;
  }

  @Override
  public void probe(PciFunction function) {
    driver.probe(function);
  }

  @Override
  public boolean makesVirtualFunctions() {
    return true;
  }

  /** {@code vfio_pci_sriov_configure}. */
  @Override
  public void count(VirtualFunctions functions, int wanted) {
    if (!driver.parameters().enableSriov().get()) {
      throw Refused.with(Errno.ENOENT);
    }
    if (wanted == 0) {
      none(functions);
    } else {
      driver.hasVirtualFunctions(functions.physical(), true);
      functions.enable(wanted, VfioPci.NAME);
    }
  }

  private void none(VirtualFunctions functions) {
    functions.disable();
    driver.hasVirtualFunctions(functions.physical(), false);
  }

  @Override
  public void remove(PciFunction function) {
    virtualFunctions.of(function).ifPresent(this::none);
    driver.remove(function);
  }
}
