// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.device.DeviceDescription;
import io.iommufd4j.sim.driver.IommuModel;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.driver.IommuUnit;
import io.iommufd4j.sim.function.IgbFunction;
import io.iommufd4j.sim.function.OwnFunction;
import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.iommu.hardware.PasidFeature;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import io.iommufd4j.sim.lib.KernelRelease;
import io.iommufd4j.sim.pci.FunctionKind;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
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
  private String about = "";
  private KernelRelease release = KernelRelease.NEWEST;
  private List<IommuUnit> iommus = List.of(IommuPreset.SMMUV3.unit(false));
  private String label = IommuPreset.SMMUV3.label();
  private BootSettings settings = BootSettings.USUAL;
  private Set<BusNumber> rootBuses = Set.of(BusNumber.FIRST);
  // Inclusive last IOVA of each IOMMU behind the first.
  private final List<Long> otherApertures = new ArrayList<>();
  private @Nullable Boolean dirtyTracking;
  private @Nullable Integer pasids;
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
    about = like.about();
    release = like.release();
    iommus = like.iommus();
    iommus.stream().skip(1).map(IommuUnit::apertureLast).forEach(otherApertures::add);
    settings = like.settings();
    rootBuses = like.rootBuses();
    slots.addAll(like.slots());
    groups = slots.stream().mapToInt(Slot::group).max().orElse(-1) + 1;
    named = true;
  }

  /** Says what it is, in a sentence. */
  public MachineBuilder about(String sentence) {
    about = sentence;
    return this;
  }

  /** Sets which Linux runs on it; the newest by default. */
  public MachineBuilder release(KernelRelease runs) {
    release = runs;
    return this;
  }

  /** Sets the IOMMU; firmware that maps memory one to one for devices comes with VT-d alone. */
  public MachineBuilder iommu(IommuPreset preset) {
    label = preset.label();
    iommus = List.of(preset.unit(dirtyTracking()));
    otherApertures.forEach(this::addIommu);
    named = false;
    return this;
  }

  private boolean dirtyTracking() {
    if (dirtyTracking != null) {
      return dirtyTracking;
    }
    return iommus.stream().anyMatch(u -> u.registers().capable(Capability.DIRTY_TRACKING));
  }

  private void addIommu(long apertureLast) {
    IommuUnit first = iommus.getFirst();
    String base = first.name().substring(0, first.name().length() - 1);
    iommus = with(iommus, first.withAperture(base + iommus.size(), apertureLast));
  }

  private static List<IommuUnit> with(List<IommuUnit> units, IommuUnit one) {
    return Stream.concat(units.stream(), Stream.of(one)).toList();
  }

  /**
   * It has no IOMMU: DMA goes where it says, and functions are in no group.
   *
   * @param unsafeMode whether VFIO takes them all the same
   */
  public MachineBuilder withoutIommu(boolean unsafeMode) {
    label = unsafeMode ? IommuNames.NO_IOMMU : IommuNames.NONE;
    iommus = List.of();
    settings = settings.withUnsafeNoIommu(unsafeMode);
    named = false;
    return this;
  }

  /**
   * Sets whether interrupts are isolated: a stray write cannot raise another device's. True by
   * default.
   */
  public MachineBuilder isolatedInterrupts(boolean isolated) {
    settings = settings.withIsolatedInterrupts(isolated);
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

  /** An NVMe controller in a group of its own, which can have so many virtual functions, or 0. */
  public MachineBuilder nvme(String address, int virtualFunctions) {
    if (virtualFunctions < 0 || virtualFunctions > MAX_VIRTUAL) {
      throw new IllegalArgumentException(
          address + ": 0 to " + MAX_VIRTUAL + " virtual functions, not " + virtualFunctions);
    }
    add(address, FunctionKind.NVME, NO_BUS, groups++);
    slots.add(slots.removeLast().withVirtualFunctions(virtualFunctions));
    return this;
  }

  /**
   * A device of a library's author, in a group of its own.
   *
   * @throws IllegalArgumentException when its BARs of 32 bits have more than a MiB in all
   */
  public MachineBuilder device(String address, DeviceDescription device) {
    long bytes =
        device.bars().stream()
            .filter(bar -> !bar.wide())
            .mapToLong(DeviceDescription.Bar::bytes)
            .sum();
    if (bytes > OwnFunction.ROOM) {
      throw new IllegalArgumentException(
          address + ": BARs of 32 bits have a MiB in all; others have to be wide");
    }
    add(address, FunctionKind.DESCRIBED, NO_BUS, groups++);
    slots.add(slots.removeLast().withDetails(FunctionDetails.of(device)));
    return this;
  }

  /** A network card in a group of its own, which can have virtual functions. */
  public MachineBuilder igb(String address) {
    add(address, FunctionKind.IGB, NO_BUS, groups++);
    slots.add(slots.removeLast().withVirtualFunctions(IgbFunction.VIRTUAL_FUNCTIONS));
    return this;
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
    return add(
        PciAddress.parse(address), FunctionKind.VMD, new BusNumber(domain, rootBus), groups++);
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
    slots.add(slot.withReserved(new ReservedRegion(start, last, ReservedRegion.Type.DIRECT)));
    return this;
  }

  /** The function before sits behind the second IOMMU, which translates so many bits of IOVA. */
  public MachineBuilder behindSecondIommu(int apertureBits) {
    if (slots.isEmpty() || apertureBits < MIN_APERTURE || apertureBits > MAX_APERTURE) {
      throw new IllegalArgumentException(
          "an IOMMU translates " + MIN_APERTURE + " to " + MAX_APERTURE + " bits");
    }
    long last = (1L << apertureBits) - 1;
    int index = otherApertures.indexOf(last);
    if (index < 0) {
      index = otherApertures.size();
      otherApertures.add(last);
      if (!iommus.isEmpty()) {
        addIommu(last);
      }
    }
    slots.add(slots.removeLast().withUnit(index + 1));
    return this;
  }

  private MachineBuilder add(String address, FunctionKind kind, int secondaryBus, int group) {
    PciAddress place = PciAddress.parse(address);
    return add(place, kind, new BusNumber(place.domain(), secondaryBus), group);
  }

  private MachineBuilder add(PciAddress place, FunctionKind kind, BusNumber secondary, int group) {
    if (place.domain() != 0
        && slots.stream().noneMatch(slot -> slot.secondaryDomain() == place.domain())) {
      throw new IllegalArgumentException(place + ": no VMD has that PCI domain");
    }
    slots.add(Slot.of(place, kind, secondary, group));
    return this;
  }

  /**
   * The machine.
   *
   * @throws IllegalArgumentException when two functions have one address, or a bus has no bridge
   */
  public MachineDescription build() {
    var addresses = new HashSet<PciAddress>();
    var reached = new HashSet<>(rootBuses);
    slots.forEach(slot -> slot.behind().ifPresent(reached::add));
    for (Slot slot : slots) {
      if (!addresses.add(slot.address())) {
        throw new IllegalArgumentException("two functions at " + slot.address());
      }
      if (!reached.contains(BusNumber.of(slot.address()))) {
        throw new IllegalArgumentException("no bridge leads to " + slot.address());
      }
    }
    return new MachineDescription(
        named ? name : name + ":" + label,
        about,
        release,
        trackingIommus(),
        settings,
        rootBuses,
        slots.stream().map(this::finished).toList());
  }

  private List<IommuUnit> trackingIommus() {
    Boolean tracks = dirtyTracking;
    return tracks == null
        ? iommus
        : iommus.stream()
            .map(u -> new IommuUnit(u.name(), u.registers().trackingDirty(tracks)))
            .toList();
  }

  private Slot finished(Slot slot) {
    boolean firmwareMaps =
        iommus.stream().anyMatch(unit -> unit.registers().model() == IommuModel.VTD);
    Slot kept = named || firmwareMaps ? slot : slot.withReserved(List.of());
    boolean asSaid = pasids == null && pasidFeatures.isEmpty();
    if (asSaid || slot.kind() != FunctionKind.EDU) {
      return kept;
    }
    int count = pasids == null ? slot.pasids().count() : pasids;
    return kept.withPasids(new Pasids(count, pasidFeatures));
  }
}
