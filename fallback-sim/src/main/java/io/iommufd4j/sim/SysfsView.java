package io.iommufd4j.sim;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.driver.IommuUnit;
import io.iommufd4j.sim.driver.ModelDriver;
import io.iommufd4j.sim.fs.Devtmpfs;
import io.iommufd4j.sim.fs.Sysfs;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import io.iommufd4j.sim.lib.KernelText;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.pci.DriverCore;
import io.iommufd4j.sim.pci.FunctionReset;
import io.iommufd4j.sim.pci.PciDriver;
import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.pci.SriovCapability;
import io.iommufd4j.sim.selftest.MockIommu;
import io.iommufd4j.sim.vfio.VfioPci;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The machine as {@code /sys} shows it, kept in step with the drivers. The layout is the one that
 * Linux 7.3.4 shows of the lab's machines; what nobody looks at for iommufd is left out.
 */
final class SysfsView {

  private static final int RESOURCES = 13;

  /** {@code IORESOURCE_MEM | IORESOURCE_SIZEALIGN}. */
  private static final int MEMORY_RESOURCE = 0x40200;

  /** The same with {@code IORESOURCE_MEM_64}, and the bits that the BAR itself has for it. */
  private static final int WIDE_MEMORY_RESOURCE = 0x140204;

  /** {@code PCI_IOV_RESOURCES}. */
  private static final int VIRTUAL_RESOURCE = 7;

  private static final String NO_OVERRIDE = "(null)";

  private final Sysfs sysfs;
  private final Board board;
  private final DriverCore core;
  private final VfioPci vfio;
  private final ChildDevicesView children;
  private final VfioNodesView nodes;
  private final Map<String, String> places = new ConcurrentHashMap<>();
  // What a function's change has to take away again. Guarded by this.
  private final Map<String, String> driverLinks = new HashMap<>();
  private final Map<String, String> ownGroups = new HashMap<>();
  private final Map<IommuGroup, DefaultDomainType> types = new ConcurrentHashMap<>();

  SysfsView(Sysfs sysfs, Devtmpfs dev, Board board, DriverCore core, VfioPci vfio) {
    this.sysfs = sysfs;
    this.board = board;
    this.core = core;
    this.vfio = vfio;
    this.children = new ChildDevicesView(sysfs);
    this.nodes = new VfioNodesView(sysfs, dev, vfio);
  }

  /** Shows everything for the first time, and from now on every change. */
  void show(AtomicBoolean allowUnsafeInterrupts) {
    sysfs.directory("bus/pci/devices");
    sysfs.directory("class/vfio");
    sysfs.directory("class/vfio-dev");
    sysfs.command("bus/pci/drivers_probe", core::probe);
    core.drivers().forEach(this::showDriver);
    board.functions().forEach(this::showFunction);
    board.iommu().ifPresent(iommu -> board.groups().forEach(group -> showGroup(group, iommu)));
    showMock();
    showModules(allowUnsafeInterrupts);
    sysfs.attribute("devices/virtual/misc/iommu/dev", "10:257\n");
    sysfs.attribute(
        "devices/virtual/misc/iommu/uevent", "MAJOR=10\nMINOR=257\nDEVNAME=iommu\nDEVMODE=0660\n");
    sysfs.link("class/misc/iommu", "devices/virtual/misc/iommu");
    core.onChange(this::change);
    vfio.onLeave(this::change);
    vfio.placedBy(this::place);
  }

  /** A function that came after boot. */
  void add(PciFunction function) {
    PciFunction physical = function.physical();
    if (physical != null) {
      String beside = place(physical);
      String bus = beside.substring(0, beside.length() - physical.address().length());
      places.put(function.address(), bus + function.address());
    }
    showFunction(function);
    board.iommu().ifPresent(iommu -> showGroup(function.device().group(), iommu));
  }

  /** A function is gone, and its group with it when nothing else is in that. */
  void remove(PciFunction function) {
    String place = place(function);
    change(function);
    sysfs.remove("bus/pci/devices/" + function.address());
    board.iommu().ifPresent(iommu -> removeFromGroup(function, iommu));
    sysfs.remove(place);
    places.remove(function.address());
  }

  private void removeFromGroup(PciFunction function, ModelDriver iommu) {
    IommuGroup group = function.device().group();
    sysfs.remove(iommu(iommu.unit(function.device())) + "/devices/" + function.address());
    sysfs.remove(group(group) + "/devices/" + function.address());
    if (group.devices().size() == 1) {
      sysfs.remove(group(group));
      types.remove(group);
    }
  }

  private static String iommu(IommuUnit unit) {
    return "devices/virtual/iommu/" + unit.name();
  }

  /** The mock IOMMU of {@code CONFIG_IOMMUFD_TEST}; its devices come and go with their contexts. */
  private void showMock() {
    String name = MockIommu.NAME + ".0";
    String device = "devices/platform/" + name;
    String iommu = device + "/iommu/" + name;
    sysfs.directory(iommu + "/devices");
    sysfs.attribute(iommu + "/uevent", "");
    sysfs.link(iommu + "/device", device);
    sysfs.link(iommu + "/subsystem", "class/iommu");
    sysfs.link("class/iommu/" + name, iommu);
  }

  private void showModules(AtomicBoolean allowUnsafeInterrupts) {
    showSwitch("module/iommufd/parameters/allow_unsafe_interrupts", allowUnsafeInterrupts);
    showSwitch(
        "module/vfio_iommu_type1/parameters/allow_unsafe_interrupts",
        vfio.parameters().type1UnsafeInterrupts());
    showSwitch(
        "module/vfio/parameters/enable_unsafe_noiommu_mode", vfio.parameters().unsafeNoIommu());
    showSwitch("module/vfio_pci/parameters/enable_sriov", vfio.parameters().enableSriov());
  }

  private void showSwitch(String parameter, AtomicBoolean value) {
    sysfs.attribute(
        parameter,
        flag(value.get()),
        text -> {
          value.set(KernelText.truth(text));
          sysfs.attribute(parameter, flag(value.get()));
        });
  }

  private static String flag(boolean on) {
    return on ? "Y\n" : "N\n";
  }

  private void showDriver(PciDriver driver) {
    String place = "bus/pci/drivers/" + driver.name();
    sysfs.command(place + "/bind", address -> core.bind(driver, address));
    sysfs.command(place + "/unbind", address -> core.unbind(driver, address));
    sysfs.command(place + "/new_id", id -> core.addId(driver, id));
    sysfs.command(place + "/remove_id", id -> core.removeId(driver, id));
  }

  private void showFunction(PciFunction function) {
    String place = place(function);
    sysfs.attribute(place + "/vendor", String.format("0x%04x\n", function.vendor()));
    sysfs.attribute(place + "/device", String.format("0x%04x\n", function.deviceId()));
    sysfs.attribute(place + "/class", String.format("0x%06x\n", function.classCode()));
    sysfs.attribute(place + "/revision", String.format("0x%02x\n", function.revision()));
    sysfs.attribute(
        place + "/subsystem_vendor", String.format("0x%04x\n", function.subsystemVendor()));
    sysfs.attribute(place + "/subsystem_device", String.format("0x%04x\n", function.subsystem()));
    sysfs.attribute(place + "/irq", function.interruptLine() + "\n");
    sysfs.attribute(place + "/modalias", modalias(function) + "\n");
    sysfs.attribute(place + "/resource", resources(function));
    sysfs.binary(place + "/config", function.config().bytes());
    function.bars().forEach(bar -> sysfs.mappable(place + "/resource" + bar.index()));
    sysfs.link(place + "/subsystem", "bus/pci");
    sysfs.link("bus/pci/devices/" + function.address(), place);
    if (!function.resets().isEmpty()) {
      showResets(function);
    }
    board
        .iommu()
        .ifPresent(iommu -> {
          sysfs.link(place + "/iommu_group", group(function.device().group()));
          showIommu(function, iommu);
        });
    change(function);
  }

  /** {@code reset_method}. */
  private void showResets(PciFunction function) {
    String label =
        function.resets().stream().map(FunctionReset::label).collect(Collectors.joining(" "));
    sysfs.attribute(
        place(function) + "/reset_method",
        label.isEmpty() ? "" : label + "\n",
        text -> {
          function.resets(chosenResets(function, text));
          showResets(function);
        });
  }

  private static List<FunctionReset> chosenResets(PciFunction function, String text) {
    List<FunctionReset> possible = function.possibleResets();
    if (text.equals("default")) {
      return possible;
    }
    return Pattern.compile(" +")
        .splitAsStream(text)
        .filter(Predicate.not(String::isEmpty))
        .map(name ->
            possible.stream()
                .filter(way -> way.label().equals(name))
                .findFirst()
                .orElseThrow(() -> Refused.with(Errno.EINVAL)))
        .toList();
  }

  private void showIommu(PciFunction function, ModelDriver driver) {
    String place = place(function);
    IommuUnit unit = driver.unit(function.device());
    String iommu = iommu(unit);
    sysfs.link("class/iommu/" + unit.name(), iommu);
    sysfs.attribute(iommu + "/uevent", "");
    sysfs.link(iommu + "/subsystem", "class/iommu");
    sysfs.link(iommu + "/devices/" + function.address(), place);
    sysfs.link(place + "/iommu", iommu);
  }

  private void showGroup(IommuGroup group, ModelDriver driver) {
    String place = group(group);
    for (IommuDevice device : group.devices()) {
      sysfs.link(place + "/devices/" + device.name(), place(device.name()));
    }
    types.computeIfAbsent(group, shown -> new DefaultDomainType(shown, driver));
    showType(group);
    sysfs.attribute(place + "/reserved_regions", reserved(group));
  }

  private static String group(IommuGroup group) {
    return "kernel/iommu_groups/" + group.id();
  }

  private void showType(IommuGroup group) {
    DefaultDomainType type = Objects.requireNonNull(types.get(group));
    sysfs.attribute(
        group(group) + "/type",
        type.label() + "\n",
        text -> {
          type.change(text);
          showType(group);
        });
  }

  private static String reserved(IommuGroup group) {
    var order =
        Comparator.comparing(ReservedRegion::start, Long::compareUnsigned)
            .thenComparing(ReservedRegion::last, Long::compareUnsigned)
            .thenComparing(ReservedRegion::type);
    var regions = new TreeSet<>(order);
    group.devices().forEach(device -> regions.addAll(device.driver().reservedRegions(device)));
    return regions.stream()
        .map(r -> String.format("0x%016x 0x%016x %s\n", r.start(), r.last(), r.type().label()))
        .collect(Collectors.joining());
  }

  /** A function's driver, override or node may be another now. */
  private synchronized void change(PciFunction function) {
    String place = place(function);
    sysfs.attribute(
        place + "/driver_override",
        core.override(function).orElse(NO_OVERRIDE) + "\n",
        text -> core.setOverride(function, text));
    String driver = core.shownDriver(function).map(PciDriver::name).orElse(null);
    sysfs.attribute(place + "/enable", enabled(function) + "\n");
    sysfs.attribute(place + "/uevent", event(function, driver));
    linkDriver(function, driver);
    children.show(function, place, core.driver(function).map(PciDriver::name).orElse(null));
    nodes.show(function, place);
    if (!function.device().translated()) {
      showOwnGroup(function);
    }
  }

  /** The group that VFIO makes for a function without an IOMMU, for as long as it has that. */
  private void showOwnGroup(PciFunction function) {
    String place = place(function);
    String before = ownGroups.remove(function.address());
    if (before != null) {
      sysfs.remove(place + "/iommu_group");
      sysfs.remove(before);
    }
    if (function.device().grouped()) {
      IommuGroup group = function.device().group();
      String shown = group(group);
      sysfs.link(shown + "/devices/" + function.address(), place);
      sysfs.attribute(shown + "/name", group.name() + "\n");
      sysfs.attribute(
          shown + "/type",
          "unknown\n",
          _ -> {
            // There is no default domain that could be another.
            throw Refused.with(Errno.EINVAL);
          });
      sysfs.attribute(shown + "/reserved_regions", "");
      sysfs.link(place + "/iommu_group", shown);
      ownGroups.put(function.address(), shown);
    }
  }

  /** VFIO's drivers enable a function when it is opened; the others when they take it. */
  private int enabled(PciFunction function) {
    return core.driver(function).isEmpty() || vfio.find(function) != null ? 0 : 1;
  }

  private void linkDriver(PciFunction function, @Nullable String driver) {
    String place = place(function);
    String before = driverLinks.remove(function.address());
    if (before != null) {
      sysfs.remove(before);
      sysfs.remove(place + "/driver");
    }
    if (driver != null) {
      String link = "bus/pci/drivers/" + driver + "/" + function.address();
      sysfs.link(link, place);
      sysfs.link(place + "/driver", "bus/pci/drivers/" + driver);
      driverLinks.put(function.address(), link);
    }
  }

  /** Where a function is in the tree of devices: below the bridges that lead to it. */
  String place(PciFunction function) {
    return place(function.address());
  }

  private String place(String address) {
    String known = places.get(address);
    if (known == null) {
      known = findPlace(address);
      places.put(address, known);
    }
    return known;
  }

  private String findPlace(String address) {
    PciAddress at = PciAddress.parse(address);
    Machine.Slot parent = board.machine().parent(at).orElse(null);
    if (parent == null) {
      return "devices/pci0000:00/" + address;
    }
    String above = place(parent.address().toString());
    return above + (parent.kind().bridge() ? "/" : "/" + rootBus(parent) + "/") + address;
  }

  /** The root bus of the domain behind a VMD comes. */
  void showDomain(PciFunction vmd) {
    String bus = place(vmd) + "/" + rootBus(vmd);
    String name = rootBus(vmd).substring("pci".length());
    sysfs.link(bus + "/pci_bus/" + name + "/subsystem", "class/pci_bus");
    sysfs.link("class/pci_bus/" + name, bus + "/pci_bus/" + name);
    sysfs.link(place(vmd) + "/domain", bus + "/pci_bus/" + name);
  }

  /** It goes, with all that is still on it. */
  void hideDomain(PciFunction vmd) {
    sysfs.remove(place(vmd) + "/domain");
    sysfs.remove("class/pci_bus/" + rootBus(vmd).substring("pci".length()));
    sysfs.remove(place(vmd) + "/" + rootBus(vmd));
  }

  private String rootBus(PciFunction vmd) {
    PciAddress address = PciAddress.parse(vmd.address());
    return board.machine().slots().stream()
        .filter(slot -> slot.address().equals(address))
        .findFirst()
        .map(SysfsView::rootBus)
        .orElseThrow();
  }

  /** The directory of a VMD's domain. */
  private static String rootBus(Machine.Slot vmd) {
    return "pci%04x:%02x".formatted(vmd.secondaryDomain(), vmd.secondaryBus());
  }

  private static String modalias(PciFunction function) {
    return String.format(
        "pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X",
        function.vendor(),
        function.deviceId(),
        function.subsystemVendor(),
        function.subsystem(),
        function.classCode() >> 16,
        function.classCode() >> 8 & 0xff,
        function.classCode() & 0xff);
  }

  private static String event(PciFunction function, @Nullable String driver) {
    return (driver == null ? "" : "DRIVER=" + driver + "\n")
        + """
        PCI_CLASS=%04X
        PCI_ID=%04X:%04X
        PCI_SUBSYS_ID=%04X:%04X
        PCI_SLOT_NAME=%s
        MODALIAS=%s
        """
            .formatted(
                function.classCode(),
                function.vendor(),
                function.deviceId(),
                function.subsystemVendor(),
                function.subsystem(),
                function.address(),
                modalias(function));
  }

  private static String resources(PciFunction function) {
    var lines = new StringBuilder();
    for (int index = 0; index < RESOURCES; index++) {
      long[] resource =
          index >= VIRTUAL_RESOURCE
              ? virtualResource(function, index - VIRTUAL_RESOURCE)
              : barOf(function.bars(), index).map(SysfsView::resource).orElse(new long[3]);
      lines.append(
          String.format("0x%016x 0x%016x 0x%016x\n", resource[0], resource[1], resource[2]));
    }
    return lines.toString();
  }

  private static long[] resource(PciFunction.Bar bar) {
    long base = Integer.toUnsignedLong(bar.base());
    return new long[] {
      base, base + bar.bytes() - 1, bar.wide() ? WIDE_MEMORY_RESOURCE : MEMORY_RESOURCE
    };
  }

  private static Optional<PciFunction.Bar> barOf(List<PciFunction.Bar> bars, int index) {
    return bars.stream().filter(bar -> bar.index() == index).findFirst();
  }

  /** A BAR of all virtual functions that there can be, one behind the other. */
  private static long[] virtualResource(PciFunction function, int index) {
    SriovCapability sriov = function.sriov();
    var first = sriov == null ? Optional.<PciFunction.Bar>empty() : barOf(sriov.bars(), index);
    if (sriov == null || first.isEmpty()) {
      return new long[3];
    }
    long[] one = resource(first.get());
    return new long[] {one[0], one[0] + (long) sriov.total() * first.get().bytes() - 1, one[2]};
  }
}
