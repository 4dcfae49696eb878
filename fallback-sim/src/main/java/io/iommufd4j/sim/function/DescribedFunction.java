// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.function;

import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND;

import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.pci.PciBus;
import io.iommufd4j.sim.pci.PciConfigSpace;
import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.pci.SriovCapability;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A function of which nothing is known but its configuration registers and the sizes of its BARs:
 * as a host shows it. Its BARs read zeros, it does no DMA and raises no interrupt.
 */
public final class DescribedFunction extends SriovFunction {

  private static final int EXPRESS_AT = 0x40;

  /** Behind the capabilities of messages. */
  private static final int EXPRESS_LATER_AT = 0x80;

  private DescribedFunction(
      IommuDevice device,
      PciBus bus,
      PciConfigSpace config,
      List<Bar> bars,
      @Nullable PciFunction physical,
      @Nullable SriovCapability sriov) {
    super(device, bus, config, bars, physical, sriov);
  }

  /**
   * Registers of a function after the firmware has been there.
   *
   * @param express whether it is a PCI Express function, which can be reset by itself
   * @param classRevision class in bits 31:8, revision in bits 7:0, as {@code PCI_CLASS_REVISION}
   */
  public static PciConfigSpace powerOn(
      boolean express,
      int vendor,
      int device,
      int classRevision,
      int subsystemVendor,
      int subsystem) {
    var config =
        new PciConfigSpace(
            express ? PciConfigSpace.EXPRESS : PciConfigSpace.CONVENTIONAL,
            vendor,
            device,
            classRevision,
            subsystemVendor,
            subsystem);
    if (express) {
      express(config, EXPRESS_LATER_AT);
    }
    return config;
  }

  /**
   * A function; {@link #plug} puts it on its bus.
   *
   * @param config its registers as they were found
   * @param sriov the capability that its virtual functions come from; null without
   */
  public static DescribedFunction physical(
      IommuDevice device,
      PciBus bus,
      PciConfigSpace config,
      List<Bar> bars,
      @Nullable SriovCapability sriov) {
    return new DescribedFunction(device, bus, config, bars, null, sriov);
  }

  /** A virtual function, of whose own capabilities nothing is known. */
  @Override
  public PciFunction virtual(IommuDevice its, int number) {
    var config =
        new PciConfigSpace(
            PciConfigSpace.EXPRESS,
            UNSAID,
            UNSAID,
            config().read(0x08, 4),
            subsystemVendor(),
            subsystem());
    express(config, EXPRESS_AT);
    config.set(PCI_COMMAND(), 2, 0);
    return new DescribedFunction(its, bus(), config, virtualBars(number), this, null);
  }
}
