// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.sim.device.DeviceDescription;
import io.iommufd4j.sim.pci.PciFunction.Bar;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Facts of a function beyond its kind; the kind and the machine fill in the rest.
 *
 * @param driver the driver that has it when the machine has booted, or {@link #NO_DRIVER}; empty
 *     for the one that its kind has
 * @param override {@code driver_override} at boot
 * @param irq the IRQ of its legacy interrupt
 * @param bars the BARs; of a kind that has its own, the address of the first
 * @param registers its configuration registers; empty where its kind has its own
 * @param sriov the virtual functions that it can have; empty where its kind says it
 * @param device a device of a library's author, which says all of that itself; empty for others
 */
public record FunctionDetails(
    Optional<String> driver,
    Optional<String> override,
    OptionalInt irq,
    List<Bar> bars,
    Optional<RegisterBytes> registers,
    Optional<SriovDetails> sriov,
    Optional<DeviceDescription> device) {

  /** Nothing but the kind. */
  public static final FunctionDetails NONE =
      new FunctionDetails(
          Optional.empty(),
          Optional.empty(),
          OptionalInt.empty(),
          List.of(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());

  /** Nothing but a device of a library's author. */
  static FunctionDetails of(DeviceDescription device) {
    return new FunctionDetails(
        Optional.empty(),
        Optional.empty(),
        OptionalInt.empty(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(device));
  }

  /** No driver takes it at boot. */
  public static final String NO_DRIVER = "none";

  /** Copies what could change. */
  public FunctionDetails {
    bars = List.copyOf(bars);
  }
}
