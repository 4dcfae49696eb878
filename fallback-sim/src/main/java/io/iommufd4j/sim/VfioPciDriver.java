package io.iommufd4j.sim;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.vfio.PciFunction;
import io.iommufd4j.sim.vfio.VfioPci;

/** vfio-pci on the PCI bus: it takes what it is told to take, and no bridge. */
record VfioPciDriver(VfioPci driver) implements PciDriver {

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
    if (function.classCode() == FunctionKind.ROOT_PORT.classCode()) {
      throw Refused.with(Errno.EINVAL);
    }
    driver.probe(function);
  }

  @Override
  public void remove(PciFunction function) {
    driver.remove(function);
  }
}
