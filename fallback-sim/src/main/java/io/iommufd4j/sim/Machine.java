package io.iommufd4j.sim;

import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.device.IgbFunction;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.iommu.hardware.PasidFeature;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import io.iommufd4j.sim.pci.FunctionKind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a simulated kernel runs on: PCI functions, their IOMMU groups, and the IOMMU. A description
 * only; each {@link SimKernel} makes a machine of its own from it.
 *
 * @param name as results name it, as {@code bridge:amd}
 * @param iommu which IOMMU it has, and so which driver; empty for none
 * @param unsafeNoIommu {@code vfio.enable_unsafe_noiommu_mode} as the kernel starts: whether VFIO
 *     takes functions that have no IOMMU
 * @param isolatedInterrupts whether a stray write of a device cannot raise another's interrupt;
 *     where it can, {@code VFIO_DEVICE_BIND_IOMMUFD} answers EPERM
 * @param dirtyTracking whether the IOMMU notes which pages DMA wrote; virtio-iommu never does
 * @param pasids how many PASIDs each edu function can tell apart; 0 for none
 * @param pasidFeatures what else their PASID capability offers
 * @param slots its functions, in the order the kernel finds them
 */
public record Machine(
    String name,
    Optional<IommuPreset> iommu,
    boolean unsafeNoIommu,
    boolean isolatedInterrupts,
    boolean dirtyTracking,
    int pasids,
    Set<PasidFeature> pasidFeatures,
    List<Slot> slots) {

  /** The machine that one gets without asking for another. */
  public static final String DEFAULT = "desk";

  private static final String NONE = "none";
  private static final String NO_IOMMU = "noiommu";

  /** {@link Slot#apertureBits} of a function behind the machine's first IOMMU. */
  public static final int FIRST_IOMMU = 0;

  /**
   * A PCI function in its place.
   *
   * @param address where it is
   * @param kind what it is
   * @param secondaryDomain the PCI domain of the bus behind it: its own unless it is a VMD
   * @param secondaryBus the bus behind it, when it is a bridge or a VMD; else 0
   * @param group functions of one number share an IOMMU group; these numbers are not sysfs'
   * @param apertureBits {@link #FIRST_IOMMU}, or how many bits of IOVA the second IOMMU translates,
   *     when it sits behind that one
   * @param virtualFunctions how many it can have (SR-IOV); 0 for none
   * @param direct what the firmware of a machine with VT-d asks to be mapped one to one for it
   *     (RMRR); empty for nothing
   */
  public record Slot(
      PciAddress address,
      FunctionKind kind,
      int secondaryDomain,
      int secondaryBus,
      int group,
      int apertureBits,
      int virtualFunctions,
      Optional<ReservedRegion> direct) {

    /** Says if a function is on the bus directly behind this one. */
    boolean leadsTo(PciAddress other) {
      return secondaryBus != 0 && secondaryBus == other.bus() && secondaryDomain == other.domain();
    }

    private Slot withApertureBits(int bits) {
      return new Slot(
          address, kind, secondaryDomain, secondaryBus, group, bits, virtualFunctions, direct);
    }

    private Slot withDirect(ReservedRegion region) {
      return new Slot(
          address,
          kind,
          secondaryDomain,
          secondaryBus,
          group,
          apertureBits,
          virtualFunctions,
          Optional.of(region));
    }
  }

  /** Copies what could change. */
  public Machine {
    pasidFeatures = Set.copyOf(pasidFeatures);
    slots = List.copyOf(slots);
  }

  /**
   * A preset by name, with an IOMMU of its own or another.
   *
   * @param name {@code MACHINE[:IOMMU]}: one of {@link #names}, and one of {@link #iommus}
   * @throws IllegalArgumentException for an unknown name; the message lists the known ones
   */
  public static Machine named(String name) {
    String[] parts = name.split(":", 2);
    var preset = presets().get(parts[0]);
    if (preset == null) {
      throw new IllegalArgumentException(
          "no machine '" + parts[0] + "': there are " + String.join(", ", names()));
    }
    var builder = new Builder(parts[0]);
    preset.accept(builder);
    if (parts.length > 1) {
      switch (parts[1]) {
        case NONE -> builder.withoutIommu(false);
        case NO_IOMMU -> builder.withoutIommu(true);
        default -> builder.iommu(model(parts[1]));
      }
    }
    return builder.build();
  }

  private static IommuPreset model(String name) {
    var model = models().get(name);
    if (model == null) {
      throw new IllegalArgumentException(
          "no IOMMU '" + name + "': there are " + String.join(", ", iommus()));
    }
    return model;
  }

  /** The names of the presets, the default first. */
  public static List<String> names() {
    return List.copyOf(presets().keySet());
  }

  /**
   * The names that {@link #named} knows IOMMUs by: each model's own, and each conduct's; {@code
   * none} and {@code noiommu} for a machine that has none, which VFIO cannot or can make do with.
   */
  public static List<String> iommus() {
    return Stream.concat(models().keySet().stream(), Stream.of(NONE, NO_IOMMU)).toList();
  }

  /** A machine without functions. */
  public static Builder builder(String name) {
    return new Builder(name);
  }

  /** A machine like this one, to be changed. */
  public Builder toBuilder() {
    var builder = new Builder(name);
    builder.iommu = iommu.orElse(null);
    builder.unsafeNoIommu = unsafeNoIommu;
    builder.isolatedInterrupts = isolatedInterrupts;
    builder.dirtyTracking = dirtyTracking;
    builder.pasids = pasids;
    builder.pasidFeatures = pasidFeatures;
    builder.slots.addAll(slots);
    builder.groups = slots.stream().mapToInt(Slot::group).max().orElse(-1) + 1;
    builder.named = true;
    return builder;
  }

  /** The bridge or VMD that the bus of a function lies behind; empty for the root bus. */
  Optional<Slot> parent(PciAddress address) {
    return slots.stream().filter(slot -> slot.leadsTo(address)).findFirst();
  }

  /** Where the edu functions are. */
  public List<PciAddress> edus() {
    return slots.stream()
        .filter(slot -> slot.kind() == FunctionKind.EDU)
        .map(Slot::address)
        .toList();
  }

  private static Map<String, IommuPreset> models() {
    var models = new LinkedHashMap<String, IommuPreset>();
    Stream.of(IommuPreset.values()).forEach(preset -> models.put(preset.label(), preset));
    models.put("hitless", IommuPreset.SMMUV3);
    models.put("blocking-window", IommuPreset.AMD);
    models.put("blocks-on-failure", IommuPreset.VTD);
    return models;
  }

  private static Map<String, Consumer<Builder>> presets() {
    var presets = new LinkedHashMap<String, Consumer<Builder>>();
    // A switch's own bus has an edu function on it that shares its group with nobody.
    presets.put(
        DEFAULT,
        machine ->
            machine
                .iommu(IommuPreset.SMMUV3)
                .function("0000:00:00.0", FunctionKind.HOST_BRIDGE)
                .bridge("0000:00:02.0", FunctionKind.ROOT_PORT, 1)
                .function("0000:00:19.0", FunctionKind.NIC)
                .with(Machine::chipset)
                .bridge("0000:01:00.0", FunctionKind.SWITCH, 2)
                .function("0000:02:01.0", FunctionKind.EDU));
    // Behind the bridge all functions look the same to the IOMMU: one group with the bridge.
    presets.put(
        "bridge",
        machine ->
            machine
                .iommu(IommuPreset.SMMUV3)
                .function("0000:00:00.0", FunctionKind.HOST_BRIDGE)
                .bridge("0000:00:02.0", FunctionKind.ROOT_PORT, 1)
                .with(Machine::chipset)
                .bridge("0000:01:00.0", FunctionKind.PCI_BRIDGE, 2)
                .sibling("0000:02:01.0", FunctionKind.EDU)
                .sibling("0000:02:02.0", FunctionKind.EDU));
    presets.put("single", machine -> machine.with(Machine::oneEdu).with(Machine::chipset));
    presets.put(
        "two-function",
        machine ->
            machine
                .with(Machine::oneEdu)
                .sibling("0000:00:08.1", FunctionKind.EDU)
                .with(Machine::chipset));
    presets.put(
        "many",
        machine ->
            machine
                .with(Machine::fourEdus)
                .function("0000:00:0b.0", FunctionKind.EDU)
                .sibling("0000:00:0b.1", FunctionKind.NIC)
                .with(Machine::chipset));
    // A function with SR-IOV; the rest is the lab's "many" again.
    presets.put(
        "sriov",
        machine ->
            machine
                .with(Machine::fourEdus)
                .bridge("0000:00:0b.0", FunctionKind.ROOT_PORT, 1)
                .with(Machine::chipset)
                .nvme("0000:01:00.0", 2));
    // What a server has, as the lab's "host", and a VMD with a disk behind it.
    presets.put(
        "host",
        machine ->
            machine
                .with(Machine::oneEdu)
                .sibling("0000:00:08.1", FunctionKind.EDU)
                .function("0000:00:09.0", FunctionKind.EDU)
                .direct(0x7000_0000L, 0x7000_ffffL)
                .function("0000:00:0a.0", FunctionKind.EDU)
                .bridge("0000:00:0b.0", FunctionKind.ROOT_PORT, 1)
                .bridge("0000:00:0c.0", FunctionKind.ROOT_PORT, 2)
                .function("0000:00:0d.0", FunctionKind.NVME_DISK)
                .function("0000:00:0e.0", FunctionKind.NIC)
                .bridge("0000:00:0f.0", FunctionKind.PCI_BRIDGE, 3)
                .sibling("0000:03:01.0", FunctionKind.EDU)
                .sibling("0000:03:02.0", FunctionKind.EDU)
                .vmd("0000:00:10.0", 0x10000, 0xe0)
                .siblingBridge("10000:e0:06.0", FunctionKind.ROOT_PORT, 0xe1)
                .sibling("10000:e1:00.0", FunctionKind.NVME_DISK)
                .with(Machine::chipset)
                .igb("0000:01:00.0")
                .function("0000:02:00.0", FunctionKind.VIRTIO_NET));
    // The second IOMMU reaches less far: its devices do not fit the first one's page tables.
    presets.put(
        "two-iommus",
        machine ->
            machine
                .with(Machine::oneEdu)
                .function("0000:00:09.0", FunctionKind.EDU)
                .behindSecondIommu(39)
                .with(Machine::chipset));
    return presets;
  }

  /** What the lab's machines begin with. */
  private static void oneEdu(Builder machine) {
    machine
        .iommu(IommuPreset.VTD)
        .function("0000:00:00.0", FunctionKind.HOST_BRIDGE)
        .function("0000:00:08.0", FunctionKind.EDU);
  }

  /** The devices of the lab's {@code many}, two of them in one group. */
  private static void fourEdus(Builder machine) {
    machine
        .with(Machine::oneEdu)
        .sibling("0000:00:08.1", FunctionKind.EDU)
        .function("0000:00:09.0", FunctionKind.EDU)
        .function("0000:00:0a.0", FunctionKind.EDU);
  }

  private static void chipset(Builder machine) {
    machine
        .function("0000:00:1f.0", FunctionKind.ISA_BRIDGE)
        .sibling("0000:00:1f.2", FunctionKind.SATA)
        .sibling("0000:00:1f.3", FunctionKind.SMBUS);
  }

  /** Puts a machine together. */
  public static final class Builder {

    private static final int NO_BUS = 0;
    private static final int MAX_BUS = 255;
    private static final int MAX_VIRTUAL = 7;

    /** The first domain that Linux gives out where no firmware numbers it. */
    private static final int FIRST_EMULATED_DOMAIN = 0x10000;

    private static final int MIN_APERTURE = 32;
    private static final int MAX_APERTURE = 48;

    private final String name;
    private final List<Slot> slots = new ArrayList<>();
    private @Nullable IommuPreset iommu = IommuPreset.SMMUV3;
    private boolean unsafeNoIommu;
    private boolean isolatedInterrupts = true;
    private boolean dirtyTracking;
    private int pasids;
    private Set<PasidFeature> pasidFeatures = Set.of();
    private int groups;
    private boolean named;

    private Builder(String name) {
      this.name = name;
    }

    /** Which IOMMU it has. */
    public Builder iommu(IommuPreset preset) {
      iommu = preset;
      named = false;
      return this;
    }

    /**
     * It has no IOMMU: DMA goes where it says, and functions are in no group.
     *
     * @param unsafeMode whether VFIO takes them all the same
     */
    public Builder withoutIommu(boolean unsafeMode) {
      iommu = null;
      unsafeNoIommu = unsafeMode;
      named = false;
      return this;
    }

    /** Whether a stray write cannot raise another device's interrupt; true unless said. */
    public Builder isolatedInterrupts(boolean isolated) {
      isolatedInterrupts = isolated;
      return this;
    }

    /** Whether the IOMMU notes which pages DMA wrote; false unless said. */
    public Builder dirtyTracking(boolean tracking) {
      dirtyTracking = tracking;
      return this;
    }

    /** How many PASIDs each edu function can tell apart; 0 unless said. */
    public Builder pasids(int count) {
      pasids = count;
      return this;
    }

    /** What else the edu functions' PASID capability offers; nothing unless said. */
    public Builder pasidFeatures(Set<PasidFeature> features) {
      pasidFeatures = features;
      return this;
    }

    /** A function in a group of its own. */
    public Builder function(String address, FunctionKind kind) {
      return add(address, kind, NO_BUS, groups++);
    }

    /** An NVMe controller in a group of its own, which can have so many virtual functions. */
    public Builder nvme(String address, int virtualFunctions) {
      if (virtualFunctions <= 0 || virtualFunctions > MAX_VIRTUAL) {
        throw new IllegalArgumentException(
            address + ": 1 to " + MAX_VIRTUAL + " virtual functions, not " + virtualFunctions);
      }
      return add(address, FunctionKind.NVME, NO_BUS, groups++, virtualFunctions);
    }

    /** A network card in a group of its own, which can have virtual functions. */
    public Builder igb(String address) {
      return add(address, FunctionKind.IGB, NO_BUS, groups++, IgbFunction.VIRTUAL_FUNCTIONS);
    }

    /** A function in the group of the one before. */
    public Builder sibling(String address, FunctionKind kind) {
      if (slots.isEmpty()) {
        throw new IllegalArgumentException(address + " is the first: it has no sibling");
      }
      return add(address, kind, NO_BUS, slots.getLast().group());
    }

    /** A bridge in a group of its own, and the bus behind it. */
    public Builder bridge(String address, FunctionKind kind, int secondaryBus) {
      requireBridge(address, kind, secondaryBus);
      return add(address, kind, secondaryBus, groups++);
    }

    /** A bridge in the group of the function before, and the bus behind it. */
    public Builder siblingBridge(String address, FunctionKind kind, int secondaryBus) {
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
     * A Volume Management Device in a group of its own, and the root bus of the PCI domain behind
     * it. The IOMMU takes the functions of that domain for the VMD: they are its siblings.
     *
     * @param domain 0x10000 and above, as Linux numbers such domains
     */
    public Builder vmd(String address, int domain, int rootBus) {
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
    public Builder direct(long start, long last) {
      Slot slot = slots.removeLast();
      slots.add(slot.withDirect(new ReservedRegion(start, last, ReservedRegion.Type.DIRECT)));
      return this;
    }

    /** The function before sits behind the second IOMMU, which translates so many bits of IOVA. */
    public Builder behindSecondIommu(int apertureBits) {
      if (slots.isEmpty() || apertureBits < MIN_APERTURE || apertureBits > MAX_APERTURE) {
        throw new IllegalArgumentException(
            "an IOMMU translates " + MIN_APERTURE + " to " + MAX_APERTURE + " bits");
      }
      slots.add(slots.removeLast().withApertureBits(apertureBits));
      return this;
    }

    private Builder with(Consumer<Builder> part) {
      part.accept(this);
      return this;
    }

    private Builder add(String address, FunctionKind kind, int secondaryBus, int group) {
      return add(address, kind, secondaryBus, group, 0);
    }

    private Builder add(
        String address, FunctionKind kind, int secondaryBus, int group, int virtualFunctions) {
      PciAddress place = PciAddress.parse(address);
      return add(place, kind, place.domain(), secondaryBus, group, virtualFunctions);
    }

    private Builder add(
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
              FIRST_IOMMU,
              virtualFunctions,
              Optional.empty()));
      return this;
    }

    /**
     * The machine.
     *
     * @throws IllegalArgumentException when two functions have one address, or a bus has no bridge
     */
    public Machine build() {
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
      return new Machine(
          full,
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
      return unsafeNoIommu ? NO_IOMMU : NONE;
    }
  }
}
