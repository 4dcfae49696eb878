// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.function.IgbFunction;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import io.iommufd4j.sim.pci.FunctionKind;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A PCI function in its place.
 *
 * @param address where it is
 * @param kind what it is
 * @param secondaryDomain the PCI domain of the bus behind it: its own unless it is a VMD
 * @param secondaryBus the bus behind it, when it is a bridge or a VMD; else 0
 * @param group the number of its IOMMU group in sysfs
 * @param unit which of the machine's IOMMUs it sits behind, from 0; {@link #UNTRANSLATED} for none
 * @param virtualFunctions how many it can have (SR-IOV), where its kind leaves that open; else 0
 * @param reserved the IOVAs that it cannot use beyond those of its IOMMU: what the firmware asks to
 *     be mapped one to one for it (RMRR)
 * @param pasids its PASID capability
 * @param details what is said of it beyond its kind
 */
public record Slot(
    PciAddress address,
    FunctionKind kind,
    int secondaryDomain,
    int secondaryBus,
    int group,
    int unit,
    int virtualFunctions,
    List<ReservedRegion> reserved,
    Pasids pasids,
    FunctionDetails details) {

  /** Most virtual functions that an igb has. */
  public static final int VIRTUAL_FUNCTIONS_OF_IGB = IgbFunction.VIRTUAL_FUNCTIONS;

  /** {@link #unit} of a function that no IOMMU translates for, which has no group either. */
  public static final int UNTRANSLATED = -1;

  /** Copies what could change. */
  public Slot {
    reserved = List.copyOf(reserved);
  }

  /** A function of a kind and nothing else, behind the first IOMMU. */
  static Slot of(PciAddress address, FunctionKind kind, BusNumber secondary, int group) {
    return new Slot(
        address,
        kind,
        secondary.domain(),
        secondary.bus(),
        group,
        0,
        0,
        List.of(),
        Pasids.NONE,
        FunctionDetails.NONE);
  }

  /** True if one of the machine's IOMMUs, should it have any, translates for it. */
  public boolean translated() {
    return unit != UNTRANSLATED;
  }

  /** True if another bus of its own PCI domain lies behind it. */
  public boolean bridge() {
    return secondaryBus != 0 && secondaryDomain == address.domain();
  }

  /** The bus directly behind a bridge or a VMD; empty for any other function. */
  public Optional<BusNumber> behind() {
    return secondaryBus == 0
        ? Optional.empty()
        : Optional.of(new BusNumber(secondaryDomain, secondaryBus));
  }

  /** The address of a virtual function, by its number from 0. */
  public static PciAddress virtualAddress(PciAddress physical, int offset, int stride, int number) {
    int place =
        (physical.bus() << 8 | physical.device() << 3 | physical.function())
            + offset
            + number * stride;
    return new PciAddress(physical.domain(), place >> 8, place >> 3 & 0x1f, place & 7);
  }

  /** The address of the first function beside it, on the same bus and in the same slot. */
  public PciAddress first() {
    return new PciAddress(address.domain(), address.bus(), address.device(), 0);
  }

  /** The same in another group. */
  public Slot withGroup(int other) {
    return with(other, unit, virtualFunctions, reserved, pasids, details);
  }

  Slot withUnit(int other) {
    return with(group, other, virtualFunctions, reserved, pasids, details);
  }

  Slot withVirtualFunctions(int total) {
    return with(group, unit, total, reserved, pasids, details);
  }

  Slot withReserved(ReservedRegion region) {
    return withReserved(Stream.concat(reserved.stream(), Stream.of(region)).toList());
  }

  Slot withReserved(List<ReservedRegion> all) {
    return with(group, unit, virtualFunctions, all, pasids, details);
  }

  Slot withPasids(Pasids other) {
    return with(group, unit, virtualFunctions, reserved, other, details);
  }

  Slot withDetails(FunctionDetails other) {
    return with(group, unit, virtualFunctions, reserved, pasids, other);
  }

  /** The same function in the same place, with what can be said of it afterwards. */
  private Slot with(
      int newGroup,
      int newUnit,
      int total,
      List<ReservedRegion> all,
      Pasids newPasids,
      FunctionDetails newDetails) {
    return new Slot(
        address,
        kind,
        secondaryDomain,
        secondaryBus,
        newGroup,
        newUnit,
        total,
        all,
        newPasids,
        newDetails);
  }
}
