// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.device.IgbFunction;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.iommu.hardware.PasidFeature;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import io.iommufd4j.sim.lib.KernelRelease;
import io.iommufd4j.sim.pci.FunctionKind;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Puts a machine together. */
public final class MachineBuilder {

  private static final int NO_BUS = 0;
  private static final int MAX_BUS = 255;
  private static final int MAX_VIRTUAL = 7;

  /** The first domain that Linux gives out where no firmware numbers it. */
  private static final int FIRST_EMULATED_DOMAIN = 0x10000;

  private static final int MIN_APERTURE = 32;
  private static final int MAX_APERTURE = 48;

  private final String name;
  private final List<Slot> slots = new ArrayList<>();
  private KernelRelease release = KernelRelease.NEWEST;
  private @Nullable IommuPreset iommu = IommuPreset.SMMUV3;
  private boolean unsafeNoIommu;
  private boolean isolatedInterrupts = true;
  private boolean dirtyTracking;
  private int pasids;
  private Set<PasidFeature> pasidFeatures = Set.of();
  private int groups;
  private boolean named;

  /**
   * A machine without functions.
   *
   * @param name as results name it, before the name of its IOMMU
   */
  public MachineBuilder(String name) {
    this.name = name;
  }

  /** A machine like another, to be changed. */
  public MachineBuilder(MachineDescription like) {
    name = like.name();
    release = like.release();
    iommu = like.iommu().orElse(null);
    unsafeNoIommu = like.unsafeNoIommu();
    isolatedInterrupts = like.isolatedInterrupts();
    dirtyTracking = like.dirtyTracking();
    pasids = like.pasids();
    pasidFeatures = like.pasidFeatures();
    slots.addAll(like.slots());
    groups = slots.stream().mapToInt(Slot::group).max().orElse(-1) + 1;
    named = true;
  }

  /** Sets which Linux runs on it; the newest by default. */
  public MachineBuilder release(KernelRelease runs) {
    release = runs;
    return this;
  }

  /** Sets the IOMMU. */
  public MachineBuilder iommu(IommuPreset preset) {
    iommu = preset;
    named = false;
    return this;
  }

  /**
   * It has no IOMMU: DMA goes where it says, and functions are in no group.
   *
   * @param unsafeMode whether VFIO takes them all the same
   */
  public MachineBuilder withoutIommu(boolean unsafeMode) {
    iommu = null;
    unsafeNoIommu = unsafeMode;
    named = false;
    return this;
  }

  /**
   * Sets whether interrupts are isolated: a stray write cannot raise another device's. True by
   * default.
   */
  public MachineBuilder isolatedInterrupts(boolean isolated) {
    isolatedInterrupts = isolated;
    return this;
  }

  /** Sets whether the IOMMU tracks which pages DMA wrote; false by default. */
  public MachineBuilder dirtyTracking(boolean tracking) {
    dirtyTracking = tracking;
    return this;
  }

  /** Sets the number of PASIDs of each edu function; 0 by default. */
  public MachineBuilder pasids(int count) {
    pasids = count;
    return this;
  }

  /**
   * The rest of the edu functions' PASID capability; nothing unless said.
   *
   * @param execute requests may ask for what is to be executed
   * @param privileged requests may be privileged
   */
  public MachineBuilder pasidFeatures(boolean execute, boolean privileged) {
    var features = EnumSet.noneOf(PasidFeature.class);
    if (execute) {
      features.add(PasidFeature.EXECUTE);
    }
    if (privileged) {
      features.add(PasidFeature.PRIVILEGED);
    }
    pasidFeatures = features;
    return this;
  }

  /** A function in a group of its own. */
  public MachineBuilder function(String address, FunctionKind kind) {
    return add(address, kind, NO_BUS, groups++);
  }

  /** An NVMe controller in a group of its own, which can have so many virtual functions. */
  public MachineBuilder nvme(String address, int virtualFunctions) {
    if (virtualFunctions <= 0 || virtualFunctions > MAX_VIRTUAL) {
      throw new IllegalArgumentException(
          address + ": 1 to " + MAX_VIRTUAL + " virtual functions, not " + virtualFunctions);
    }
    return add(address, FunctionKind.NVME, NO_BUS, groups++, virtualFunctions);
  }

  /** A network card in a group of its own, which can have virtual functions. */
  public MachineBuilder igb(String address) {
    return add(address, FunctionKind.IGB, NO_BUS, groups++, IgbFunction.VIRTUAL_FUNCTIONS);
  }

  /** A function in the group of the one before. */
  public MachineBuilder sibling(String address, FunctionKind kind) {
    if (slots.isEmpty()) {
      throw new IllegalArgumentException(address + " is the first: it has no sibling");
    }
    return add(address, kind, NO_BUS, slots.getLast().group());
  }

  /** A bridge in a group of its own, and the bus behind it. */
  public MachineBuilder bridge(String address, FunctionKind kind, int secondaryBus) {
    requireBridge(address, kind, secondaryBus);
    return add(address, kind, secondaryBus, groups++);
  }

  /** A bridge in the group of the function before, and the bus behind it. */
  public MachineBuilder siblingBridge(String address, FunctionKind kind, int secondaryBus) {
    requireBridge(address, kind, secondaryBus);
    return add(address, kind, secondaryBus, slots.getLast().group());
  }

  private static void requireBridge(String address, FunctionKind kind, int secondaryBus) {
    if (!kind.bridge() || secondaryBus <= 0 || secondaryBus > MAX_BUS) {
      throw new IllegalArgumentException(
          address + ": a " + kind + " has no bus " + secondaryBus + " behind it");
    }
  }

  /**
   * A Volume Management Device in a group of its own, and the root bus of the PCI domain behind it.
   * The IOMMU takes the functions of that domain for the VMD: they are its siblings.
   *
   * @param domain 0x10000 and above, as Linux numbers such domains
   */
  public MachineBuilder vmd(String address, int domain, int rootBus) {
    if (domain < FIRST_EMULATED_DOMAIN || rootBus <= 0 || rootBus > MAX_BUS) {
      throw new IllegalArgumentException(
          "%s: a VMD has no bus %x:%x behind it".formatted(address, domain, rootBus));
    }
    PciAddress place = PciAddress.parse(address);
    return add(place, FunctionKind.VMD, domain, rootBus, groups++, 0);
  }

  /**
   * The firmware wants memory mapped one to one for the function before (an RMRR of VT-d; other
   * IOMMUs do not know it): Linux then keeps the function from VFIO.
   *
   * @param start first address, a multiple of a page
   * @param last inclusive last address
   */
  public MachineBuilder direct(long start, long last) {
    Slot slot = slots.removeLast();
    slots.add(slot.withDirect(new ReservedRegion(start, last, ReservedRegion.Type.DIRECT)));
    return this;
  }

  /** The function before sits behind the second IOMMU, which translates so many bits of IOVA. */
  public MachineBuilder behindSecondIommu(int apertureBits) {
    if (slots.isEmpty() || apertureBits < MIN_APERTURE || apertureBits > MAX_APERTURE) {
      throw new IllegalArgumentException(
          "an IOMMU translates " + MIN_APERTURE + " to " + MAX_APERTURE + " bits");
    }
    slots.add(slots.removeLast().withApertureBits(apertureBits));
    return this;
  }

  private MachineBuilder add(String address, FunctionKind kind, int secondaryBus, int group) {
    return add(address, kind, secondaryBus, group, 0);
  }

  private MachineBuilder add(
      String address, FunctionKind kind, int secondaryBus, int group, int virtualFunctions) {
    PciAddress place = PciAddress.parse(address);
    return add(place, kind, place.domain(), secondaryBus, group, virtualFunctions);
  }

  private MachineBuilder add(
      PciAddress place,
      FunctionKind kind,
      int secondaryDomain,
      int secondaryBus,
      int group,
      int virtualFunctions) {
    if (place.domain() != 0
        && slots.stream().noneMatch(slot -> slot.secondaryDomain() == place.domain())) {
      throw new IllegalArgumentException(place + ": no VMD has that PCI domain");
    }
    slots.add(
        new Slot(
            place,
            kind,
            secondaryDomain,
            secondaryBus,
            group,
            Slot.FIRST_IOMMU,
            virtualFunctions,
            Optional.empty()));
    return this;
  }

  /**
   * The machine.
   *
   * @throws IllegalArgumentException when two functions have one address, or a bus has no bridge
   */
  public MachineDescription build() {
    var addresses = new HashSet<PciAddress>();
    for (Slot slot : slots) {
      if (!addresses.add(slot.address())) {
        throw new IllegalArgumentException("two functions at " + slot.address());
      }
      boolean onRootBus = slot.address().domain() == 0 && slot.address().bus() == NO_BUS;
      if (!onRootBus && slots.stream().noneMatch(s -> s.leadsTo(slot.address()))) {
        throw new IllegalArgumentException("no bridge leads to " + slot.address());
      }
    }
    String full = named ? name : name + ":" + label();
    return new MachineDescription(
        full,
        release,
        Optional.ofNullable(iommu),
        unsafeNoIommu,
        isolatedInterrupts,
        dirtyTracking,
        pasids,
        pasidFeatures,
        slots);
  }

  private String label() {
    if (iommu != null) {
      return iommu.label();
    }
    return unsafeNoIommu ? IommuNames.NO_IOMMU : IommuNames.NONE;
  }
}
