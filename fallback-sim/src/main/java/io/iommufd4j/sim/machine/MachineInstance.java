// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.device.DeviceDescription;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.driver.IommuUnit;
import io.iommufd4j.sim.driver.ModelDriver;
import io.iommufd4j.sim.driver.UntranslatedBus;
import io.iommufd4j.sim.function.BridgeFunction;
import io.iommufd4j.sim.function.DescribedFunction;
import io.iommufd4j.sim.function.EduFunction;
import io.iommufd4j.sim.function.IgbFunction;
import io.iommufd4j.sim.function.NvmeFunction;
import io.iommufd4j.sim.function.OwnFunction;
import io.iommufd4j.sim.function.PassiveFunction;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommu.NoIommu;
import io.iommufd4j.sim.lib.IdTable;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.pci.FunctionKind;
import io.iommufd4j.sim.pci.MessageTranslator;
import io.iommufd4j.sim.pci.PciBus;
import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.pci.SriovCapability;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The machine of one kernel, made as its description says. */
public final class MachineInstance {

  /** Functions with a BAR get a MiB each. */
  private static final int BAR_ROOM = 1 << 20;

  /** Bus address of the first BAR of 64 bits, below the addresses of programs. */
  private static final long FIRST_WIDE_BAR = 0x2000_0000_0000L;

  /** So much has each function: four times the largest BAR. */
  private static final long WIDE_ROOM = 1L << 42;

  private final MachineDescription machine;
  private final UserMemory memory;
  private final @Nullable ModelDriver iommu;
  private final NoIommu none = new NoIommu();
  private final IdTable<IommuGroup> groups = new IdTable<>(0);
  // In the order the kernel found them. Guarded by itself.
  private final Map<String, PciFunction> functions = new LinkedHashMap<>();

  /** The groups of virtual functions that the machine boots with, by address. */
  private final Map<String, Integer> groupsAtBoot = new HashMap<>();

  private int bars;
  private long wideBars = FIRST_WIDE_BAR;

  /**
   * Puts a machine together.
   *
   * @param memory what its devices reach behind the IOMMU
   */
  public MachineInstance(MachineDescription machine, UserMemory memory) {
    this.machine = machine;
    this.memory = memory;
    this.iommu = machine.iommus().stream().findFirst().map(IommuPreset::driver).orElse(null);
    if (iommu != null) {
      iommu.release(machine.release());
    }
    var buses = new HashMap<BusNumber, PciBus>();
    Map<BusNumber, Slot> bridges = machine.bridges();
    for (Slot slot : machine.slots()) {
      PciAddress at = slot.address();
      PciBus pci =
          buses.computeIfAbsent(
              BusNumber.of(at), number -> new PciBus(behindBridge(bridges.get(number))));
      ModelDriver driver = slot.translated() ? iommu : null;
      IommuDevice device = device(slot, driver);
      if (driver == null) {
        device.steer(new UntranslatedBus(device.driver(), memory));
      } else {
        if (slot.unit() > 0) {
          driver.place(device, machine.iommus().get(slot.unit()));
        }
        slot.reserved().forEach(region -> driver.reserve(device, region));
        group(slot.group()).add(device);
      }
      plug(newFunction(slot, device, pci));
      slot.details().sriov().ifPresent(virtual -> note(slot.address(), virtual));
    }
    markMultifunction();
    if (platform() == Platform.ARM64) {
      MessageTranslator.place(memory);
    }
  }

  private void note(PciAddress physical, SriovDetails virtual) {
    for (int i = 0; i < virtual.groups().size(); i++) {
      groups.reserve(virtual.groups().get(i));
      groupsAtBoot.put(
          Slot.virtualAddress(physical, virtual.offset(), virtual.stride(), i).toString(),
          virtual.groups().get(i));
    }
  }

  /** Nothing resets a root bus, be it one behind a VMD. */
  private static boolean behindBridge(@Nullable Slot parent) {
    return parent != null && parent.bridge();
  }

  private IommuGroup group(int number) {
    IommuGroup known = groups.find(number);
    if (known != null) {
      return known;
    }
    groups.reserve(number);
    return newGroup(number);
  }

  private IommuGroup newGroup(int number) {
    var group = new IommuGroup(number);
    groups.publish(number, group);
    return group;
  }

  private IommuDevice device(Slot slot, @Nullable ModelDriver driver) {
    return new IommuDevice(
        slot.address().toString(),
        driver == null ? none : driver,
        slot.pasids().count(),
        slot.pasids().features(),
        false,
        isolatedInterrupts());
  }

  private boolean isolatedInterrupts() {
    return machine.settings().isolatedInterrupts();
  }

  private PciFunction newFunction(Slot slot, IommuDevice device, PciBus bus) {
    Platform platform = platform();
    FunctionDetails details = slot.details();
    int line = details.irq().orElseGet(() -> platform.interruptLine(slot.address()));
    PciFunction function =
        switch (slot.kind()) {
          case EDU -> new EduFunction(device, bus, memory, firstBar(slot), line);
          case NVME ->
              NvmeFunction.physical(
                  device, bus, memory, firstBar(slot), line, slot.virtualFunctions());
          case IGB -> IgbFunction.physical(device, bus, memory, firstBar(slot), line);
          case DESCRIBED ->
              details.device().isPresent()
                  ? own(details.device().get(), slot, device, bus)
                  : described(details, device, bus);
          default -> slot.kind().bridge() ? bridge(slot, device, bus) : passive(slot, device, bus);
        };
    if (!platform.hasFirmware() && !function.bars().isEmpty() && details.registers().isEmpty()) {
      function.config().withoutFirmware();
    }
    if (!platform.hasFirmware()) {
      function.routeInterrupt(line);
    }
    return function;
  }

  private OwnFunction own(
      DeviceDescription description, Slot slot, IommuDevice device, PciBus bus) {
    long wide = wideBars;
    wideBars += WIDE_ROOM;
    int line = platform().interruptLine(slot.address());
    return new OwnFunction(device, bus, description, memory, firstBar(slot), wide, line);
  }

  private static DescribedFunction described(
      FunctionDetails details, IommuDevice device, PciBus bus) {
    RegisterBytes registers = details.registers().orElseThrow();
    var config = registers.config();
    var sriov =
        details
            .sriov()
            .map(virtual ->
                SriovCapability.found(
                    config,
                    virtual.device(),
                    new SriovCapability.Places(virtual.total(), virtual.offset(), virtual.stride()),
                    virtual.bars()))
            .orElse(null);
    return DescribedFunction.physical(device, bus, config, details.bars(), sriov);
  }

  private static BridgeFunction bridge(Slot slot, IommuDevice device, PciBus bus) {
    FunctionKind kind = slot.kind();
    int classRevision = kind.classCode() << 8 | kind.revision();
    return new BridgeFunction(
        device,
        bus,
        kind.vendor(),
        kind.device(),
        classRevision,
        slot.address().bus(),
        slot.secondaryBus());
  }

  private static PassiveFunction passive(Slot slot, IommuDevice device, PciBus bus) {
    return new PassiveFunction(device, bus, slot.kind());
  }

  private long firstBar(Slot slot) {
    return slot.details().bars().isEmpty()
        ? platform().firstBar() + (long) bars++ * BAR_ROOM
        : slot.details().bars().getFirst().base();
  }

  private Platform platform() {
    return machine.model().map(Platform::of).orElse(Platform.X86);
  }

  private void plug(PciFunction function) {
    function.plug();
    synchronized (functions) {
      functions.put(function.address(), function);
    }
  }

  /** {@code pci_iov_add_virtfn}: a virtual function on its bus, in a group of its own. */
  PciFunction addVirtual(PciFunction physical, int number) {
    PciAddress at = PciAddress.parse(physical.address());
    SriovCapability sriov = Objects.requireNonNull(physical.sriov());
    PciAddress address = Slot.virtualAddress(at, sriov.offset(), sriov.stride(), number);
    ModelDriver driver = physical.device().translated() ? iommu : null;
    var device =
        new IommuDevice(
            address.toString(), driver == null ? none : driver, 0, false, isolatedInterrupts());
    if (driver == null) {
      device.steer(new UntranslatedBus(none, memory));
    } else {
      IommuUnit unit = driver.unit(physical.device());
      if (unit != driver.unit(device)) {
        driver.place(device, unit);
      }
      Integer said = groupsAtBoot.remove(address.toString());
      newGroup(said == null ? groups.reserve() : said).add(device);
    }
    PciFunction function = physical.virtual(device, number);
    plug(function);
    return function;
  }

  /** Takes a virtual function out, and its group with it. */
  void removeVirtual(PciFunction virtual) {
    virtual.unplug();
    synchronized (functions) {
      functions.remove(virtual.address());
    }
    if (virtual.device().translated()) {
      groups.remove(virtual.device().group().id());
    }
  }

  /** The VMDs, each with the functions behind it, those above before those below. */
  public Map<PciFunction, List<PciFunction>> vmdDomains() {
    var domains = new LinkedHashMap<PciFunction, List<PciFunction>>();
    for (Slot vmd : machine.slots()) {
      if (vmd.kind() == FunctionKind.VMD) {
        domains.put(
            function(vmd),
            machine.slots().stream()
                .filter(slot -> slot.address().domain() == vmd.secondaryDomain())
                .map(this::function)
                .toList());
      }
    }
    return domains;
  }

  /** Takes a function out that was there at boot; its group stays when others are in it. */
  void takeOut(PciFunction function) {
    function.unplug();
    synchronized (functions) {
      functions.remove(function.address());
    }
    if (function.device().translated()) {
      function.device().group().remove(function.device());
    }
  }

  /** Puts a function back that was taken out, into the group of another. */
  void putBack(PciFunction function, PciFunction sibling) {
    if (function.device().translated()) {
      sibling.device().group().add(function.device());
    }
    plug(function);
  }

  private void markMultifunction() {
    Map<PciAddress, Long> inSlot =
        machine.slots().stream().collect(Collectors.groupingBy(Slot::first, Collectors.counting()));
    for (Slot slot : machine.slots()) {
      // The first function tells of the others; those tell of nobody.
      if (slot.address().function() == 0 && inSlot.getOrDefault(slot.address(), 0L) > 1) {
        function(slot).config().multifunction();
      }
    }
  }

  private PciFunction function(Slot slot) {
    return function(slot.address().toString()).orElseThrow();
  }

  /** The description it was made from. */
  public MachineDescription machine() {
    return machine;
  }

  /** The driver of its IOMMUs; empty when it has none. */
  public Optional<ModelDriver> iommu() {
    return Optional.ofNullable(iommu);
  }

  /** Its groups, by number, and those that others make. */
  public IdTable<IommuGroup> groups() {
    return groups;
  }

  /** Its functions, in the order the kernel found them. */
  public List<PciFunction> functions() {
    synchronized (functions) {
      return List.copyOf(functions.values());
    }
  }

  /** The function at an address in full form. */
  public Optional<PciFunction> function(String address) {
    synchronized (functions) {
      return Optional.ofNullable(functions.get(address));
    }
  }
}
