// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.function;

import io.iommufd4j.sim.device.DeviceDescription;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.pci.PciBus;
import io.iommufd4j.sim.pci.PciConfigSpace;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A function with a device of a library's author, as its description says. */
public final class OwnFunction extends ModelFunction {

  /** Bytes that the BARs of 32 bits have in all. */
  public static final long ROOM = 1 << 20;

  private static final int MSI_AT = 0x40;
  private static final int MSIX_AT = 0x50;
  private static final int EXPRESS_AT = 0x60;

  /**
   * A function; {@link #plug} puts it on its bus.
   *
   * @param memory what its DMA reaches behind the IOMMU
   * @param base bus address of the BARs of 32 bits, a multiple of {@link #ROOM}
   * @param wideBase bus address of those of 64 bits, a multiple of the largest
   * @param interruptLine the IRQ of its INTA
   */
  public OwnFunction(
      IommuDevice device,
      PciBus bus,
      DeviceDescription description,
      UserMemory memory,
      long base,
      long wideBase,
      int interruptLine) {
    super(
        device,
        bus,
        registers(description, interruptLine),
        places(description, base, wideBase),
        memory,
        description.model());
  }

  private static PciConfigSpace registers(DeviceDescription description, int interruptLine) {
    var config =
        new PciConfigSpace(
            description.express() ? PciConfigSpace.EXPRESS : PciConfigSpace.CONVENTIONAL,
            description.vendor(),
            description.device(),
            description.classCode() << 8 | description.revision(),
            description.subsystemVendor(),
            description.subsystem());
    config.interrupt(1, interruptLine);
    if (description.express()) {
      SriovFunction.express(config, EXPRESS_AT);
    }
    description
        .msix()
        .ifPresent(
            msix -> config.msix(MSIX_AT, msix.vectors(), msix.bar(), msix.table(), msix.pending()));
    if (description.msi()) {
      config.msi(MSI_AT);
    }
    return config;
  }

  /** The largest first, so that each lies at a multiple of its size. */
  private static List<Bar> places(DeviceDescription description, long base, long wideBase) {
    var bars = new ArrayList<Bar>();
    long narrow = base;
    long wide = wideBase;
    for (DeviceDescription.Bar bar : bySize(description)) {
      if (bar.wide()) {
        bars.add(new Bar(bar.index(), bar.bytes(), wide, Space.WIDE_MEMORY));
        wide += bar.bytes();
      } else {
        bars.add(new Bar(bar.index(), bar.bytes(), narrow));
        narrow += bar.bytes();
      }
    }
    return bars.stream().sorted(Comparator.comparingInt(Bar::index)).toList();
  }

  private static List<DeviceDescription.Bar> bySize(DeviceDescription description) {
    return description.bars().stream()
        .sorted(Comparator.comparingLong(DeviceDescription.Bar::bytes).reversed())
        .toList();
  }
}
