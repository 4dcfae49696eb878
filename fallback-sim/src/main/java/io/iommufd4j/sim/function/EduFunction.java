// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.function;

import io.iommufd4j.sim.device.model.EduModel;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.pci.PciBus;
import io.iommufd4j.sim.pci.PciConfigSpace;
import java.util.List;

/**
 * QEMU's educational device (1234:11e8): a conventional function with MSI, and {@link EduModel}.
 */
public final class EduFunction extends ModelFunction {

  private static final int CLASS_REVISION = 0x00ff_0010;
  private static final int MSI_AT = 0x40;

  /**
   * An edu function; {@link #plug} puts it on its bus.
   *
   * @param memory what its DMA reaches behind the IOMMU
   * @param base bus address of BAR 0, a multiple of {@link EduModel#BAR_BYTES}
   * @param interruptLine the IRQ of its INTA
   */
  public EduFunction(
      IommuDevice device, PciBus bus, UserMemory memory, long base, int interruptLine) {
    super(
        device,
        bus,
        powerOn(interruptLine),
        List.of(new Bar(0, EduModel.BAR_BYTES, base)),
        memory,
        port -> new EduModel(port, dmaMask(device)));
  }

  /** As the lab has it: without an IOMMU every address of the machine is within reach. */
  private static long dmaMask(IommuDevice device) {
    return device.translated() ? EduModel.DMA_MASK : -1;
  }

  private static PciConfigSpace powerOn(int interruptLine) {
    var config = new PciConfigSpace(0x1234, 0x11e8, CLASS_REVISION, 0x1af4, 0x1100);
    config.interrupt(1, interruptLine);
    config.msi(MSI_AT);
    return config;
  }
}
