// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.function;

import static io.iommufd4j.bindings.pci.pci_h.PCI_CAP_ID_EXP;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CAP_ID_PM;

import io.iommufd4j.sim.device.DeviceModel;
import io.iommufd4j.sim.device.DevicePort;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.pci.PciBus;
import io.iommufd4j.sim.pci.PciConfigSpace;
import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.pci.SriovCapability;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A PCI Express function that may have SR-IOV, or one of its virtual ones. */
abstract class SriovFunction extends ModelFunction {

  /** A virtual function does not say what it is: the physical one's capability does. */
  static final int UNSAID = 0xffff;

  /** {@code PCI_EXP_TYPE_ENDPOINT}, with version 2 of the capability. */
  static final int ENDPOINT = 0x02;

  /** {@code PCI_EXP_DEVCAP_EXT_TAG}. */
  static final int LONG_TAGS = 0x20;

  /** {@code PCI_PM_CTRL_NO_SOFT_RESET}. */
  private static final int KEEPS_STATE = 8;

  private static final int EXPRESS_BYTES = 0x3c;
  private static final int POWER_BYTES = 8;
  private static final int ARI = 0x0e;
  private static final int ERRORS = 0x01;
  private static final int ERRORS_BYTES = 0x48;
  private static final int ARI_BYTES = 8;

  private final @Nullable PciFunction physical;
  private final @Nullable SriovCapability sriov;

  /** A function with nothing behind its BARs, which read zeros. */
  SriovFunction(
      IommuDevice device,
      PciBus bus,
      PciConfigSpace config,
      List<Bar> bars,
      @Nullable PciFunction physical,
      @Nullable SriovCapability sriov) {
    super(device, bus, config, bars);
    this.physical = physical;
    this.sriov = sriov;
  }

  /** A physical function with a device. */
  SriovFunction(
      IommuDevice device,
      PciBus bus,
      PciConfigSpace config,
      List<Bar> bars,
      @Nullable SriovCapability sriov,
      UserMemory memory,
      Function<DevicePort, DeviceModel> model) {
    super(device, bus, config, bars, memory, model);
    this.physical = null;
    this.sriov = sriov;
  }

  /** The PCI Express capability of a function on a link of one lane. */
  static void express(PciConfigSpace config, int at) {
    express(config, at, ENDPOINT, 0);
  }

  /**
   * The same.
   *
   * @param type of the port, {@code PCI_EXP_FLAGS_TYPE} and the version
   * @param features {@code PCI_EXP_DEVCAP_*} beside the reset of the function
   */
  static void express(PciConfigSpace config, int at, int type, int features) {
    config.capability(at, PCI_CAP_ID_EXP(), EXPRESS_BYTES);
    config.set(at + 2, 2, type);
    config.set(at + 4, 4, 0x1000_8000 | features);
    config.set(at + 12, 4, 0x0411);
    config.set(at + 18, 2, 0x0011);
    config.set(at + 36, 4, 0x0030_0000);
    config.allow(at + 40, 2, 0x8000);
  }

  /** The power management capability of a function that keeps its state. */
  static void powerManagement(PciConfigSpace config, int at) {
    powerManagement(config, at, 3, KEEPS_STATE);
  }

  /**
   * The same.
   *
   * @param version and what it says of itself, {@code PCI_PM_PMC}
   * @param control {@code PCI_PM_CTRL}
   */
  static void powerManagement(PciConfigSpace config, int at, int version, int control) {
    config.capability(at, PCI_CAP_ID_PM(), POWER_BYTES);
    config.set(at + 2, 2, version);
    config.set(at + 4, 2, control);
    config.allow(at + 4, 2, 3);
  }

  /** Advanced error reporting, as QEMU's functions have it. */
  static void errorReporting(PciConfigSpace config, int at) {
    config.extended(at, ERRORS, ERRORS_BYTES);
    config.set(at + 0x08, 4, 0x0240_0000);
    config.set(at + 0x0c, 4, 0x0046_2030);
    config.set(at + 0x14, 4, 0x0000_e000);
    config.set(at + 0x18, 4, 0x0000_00a0);
  }

  /** The capability of a function whose number has eight bits (ARI). */
  static void alternativeRouting(PciConfigSpace config, int at) {
    config.extended(at, ARI, ARI_BYTES);
  }

  @Override
  public @Nullable PciFunction physical() {
    return physical;
  }

  @Override
  public @Nullable SriovCapability sriov() {
    return sriov;
  }
}
