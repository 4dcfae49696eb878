// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device;

import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.pci.PciBus;
import io.iommufd4j.sim.pci.PciConfigSpace;
import io.iommufd4j.sim.pci.PciFunction;
import java.util.List;

/** A function without BARs: configuration registers are all that it has. */
abstract class BarelessFunction extends PciFunction {

  BarelessFunction(IommuDevice device, PciBus bus, PciConfigSpace config) {
    super(device, bus, config);
  }

  @Override
  public List<Bar> bars() {
    return List.of();
  }

  @Override
  public List<Register> registers(int bar) {
    return List.of();
  }

  @Override
  public long readBar(int bar, long offset, int bytes) {
    return -1;
  }

  @Override
  protected void writeBar(int bar, long offset, int bytes, long value) {}

  @Override
  protected void resetRegisters() {}
}
