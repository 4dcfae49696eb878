// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A machine as sysfs shows it. Every call reads again and changes nothing; a file that is missing
 * is reported as absent.
 */
public final class Host {

  /** Drivers besides VFIO's that leave DMA to user space ({@code driver_managed_dma}). */
  private static final Set<String> MANAGED_DMA = Set.of("pcieport", "pci-stub");

  private static final Pattern CDEV =
      Pattern.compile("(?:/dev/vfio/devices/)?(?<name>(?:noiommu-)?vfio\\d+)");

  private static final String MEDIATED = "bus/mdev/devices";

  private static final Pattern VIRTUAL_FUNCTION = Pattern.compile("virtfn\\d+");

  /** The text that sysfs prints for a {@code driver_override} that is not set. */
  private static final String NOT_SET = "(null)";

  private final Path sysfs;

  private Host(Path sysfs) {
    this.sysfs = sysfs;
  }

  /**
   * {@return the machine of a kernel}
   *
   * @param kernel whose sysfs is read
   */
  public static Host of(Kernel kernel) {
    return new Host(kernel.sysfs());
  }

  /**
   * {@return the machine that a tree shows}
   *
   * @param sysfs the root, as {@code /sys}
   */
  public static Host of(Path sysfs) {
    return new Host(sysfs);
  }

  /** {@return the root of the tree} */
  public Path sysfs() {
    return sysfs;
  }

  /** {@return every PCI function, by address} */
  public List<PciDevice> devices() {
    return addresses().flatMap(address -> find(address).stream()).toList();
  }

  private Stream<PciAddress> addresses() {
    return Sysfs.names(sysfs.resolve("bus/pci/devices")).stream()
        .filter(PciAddress::looksLike)
        .map(PciAddress::parse)
        .sorted();
  }

  /**
   * {@return the function at an address; empty when there is none}
   *
   * @param address in any domain
   */
  public Optional<PciDevice> find(PciAddress address) {
    var directory = directory(address);
    if (!Files.isDirectory(directory)) {
      return Optional.empty();
    }
    return Optional.of(
        new PciDevice(
            address,
            hex(directory, "vendor"),
            hex(directory, "device"),
            hex(directory, "class"),
            hex(directory, "revision"),
            Sysfs.linkedName(directory.resolve("driver")),
            Sysfs.attribute(directory.resolve("driver_override"))
                .filter(Predicate.not(NOT_SET::equals))
                .filter(Predicate.not(String::isEmpty)),
            Sysfs.linkedName(directory.resolve("iommu_group")).stream()
                .mapToInt(Integer::parseInt)
                .findFirst(),
            Sysfs.linkedName(directory.resolve("iommu")).map(IommuInstance::new),
            Sysfs.names(directory.resolve("vfio-dev")).stream().findFirst(),
            Sysfs.linkedName(directory.resolve("physfn")).map(PciAddress::parse)));
  }

  /**
   * {@return the function at an address}
   *
   * @param address in any domain
   * @throws HostException ENODEV when there is none
   */
  public PciDevice device(PciAddress address) {
    return find(address)
        .orElseThrow(
            () -> new HostException("find PCI device " + address, Errno.ENODEV, "see device list"));
  }

  /**
   * {@return the function that a user names}
   *
   * @param where a PCI address, full or short; a short one means the device of domain 0 or, where
   *     that has none there, the only one of another domain; a VFIO cdev by path or name; or a path
   *     of sysfs that ends in the device's name
   * @throws IllegalArgumentException when the text is none of these, or a short address that
   *     several domains other than 0 have
   * @throws HostException ENODEV when there is no such device
   */
  public PciDevice locate(String where) {
    var cdev = CDEV.matcher(where);
    if (cdev.matches()) {
      String name = cdev.group("name");
      return Sysfs.linkedName(sysfs.resolve("class/vfio-dev").resolve(name).resolve("device"))
          .filter(PciAddress::looksLike)
          .map(address -> device(PciAddress.parse(address)))
          .orElseThrow(() ->
              new HostException(
                  "find VFIO cdev " + name, Errno.ENODEV, "no PCI device has that cdev"));
    }
    if (MediatedDevice.looksLike(where)) {
      throw noPciDevice(where);
    }
    if (where.startsWith("/")) {
      var path = sysfs.getFileSystem().getPath(where);
      var last = path.getFileName();
      if (!path.startsWith(sysfs) || last == null || !PciAddress.looksLike(last.toString())) {
        throw new IllegalArgumentException(
            "'"
                + where
                + "' names no device: expected a PCI address, /dev/vfio/devices/vfioN, or a path"
                + " under "
                + sysfs
                + " that ends in a PCI address");
      }
      return device(PciAddress.parse(last.toString()));
    }
    var address = PciAddress.parse(where);
    return PciAddress.namesDomain(where)
        ? device(address)
        : find(address).orElseGet(() -> inOtherDomain(address));
  }

  private HostException noPciDevice(String uuid) {
    return new HostException(
        "find PCI device " + uuid,
        Errno.ENODEV,
        mediatedDevice(uuid)
            .map(device ->
                "it is a mediated device of "
                    + device.driver()
                    + ", whose driver does its DMA: there is no function to bind and no domain of"
                    + " its own to replace")
            .orElse("there is no mediated device of that name either; see device list"));
  }

  /** The only function at a place of the bus, in whatever domain. */
  private PciDevice inOtherDomain(PciAddress place) {
    List<PciAddress> candidates =
        addresses().filter(address -> address.inDomain(place.domain()).equals(place)).toList();
    if (candidates.size() > 1) {
      throw new IllegalArgumentException(
          "domain 0 has no "
              + place
              + ", but others have: which one of "
              + candidates.stream().map(PciAddress::toString).collect(Collectors.joining(", "))
              + "?");
    }
    return device(candidates.isEmpty() ? place : candidates.getFirst());
  }

  /** {@return every mediated device, by name} */
  public List<MediatedDevice> mediatedDevices() {
    return Sysfs.names(sysfs.resolve(MEDIATED)).stream()
        .flatMap(name -> mediatedDevice(name).stream())
        .toList();
  }

  /**
   * {@return the mediated device of a name; empty when there is none}
   *
   * @param uuid in either case
   */
  public Optional<MediatedDevice> mediatedDevice(String uuid) {
    String name = MediatedDevice.normalized(uuid);
    var directory = sysfs.resolve(MEDIATED).resolve(name);
    if (!Files.isDirectory(directory)) {
      return Optional.empty();
    }
    return Optional.of(
        new MediatedDevice(
            name,
            Sysfs.linkedName(directory.resolve("driver")).orElse(""),
            Sysfs.linkedName(directory.resolve("mdev_type")).orElse(""),
            Sysfs.linkedName(directory.resolve("iommu_group")).stream()
                .mapToInt(Integer::parseInt)
                .findFirst(),
            Sysfs.names(directory.resolve("vfio-dev")).stream().findFirst()));
  }

  /** {@return every IOMMU group, by number} */
  public List<IommuGroup> groups() {
    var numbers = new TreeSet<Integer>();
    for (var name : Sysfs.names(sysfs.resolve("kernel/iommu_groups"))) {
      numbers.add(Integer.valueOf(name));
    }
    return numbers.stream().flatMap(number -> group(number).stream()).toList();
  }

  /**
   * {@return the group of a number; empty when there is none}
   *
   * @param number as below {@code /sys/kernel/iommu_groups}
   */
  public Optional<IommuGroup> group(int number) {
    var directory = sysfs.resolve("kernel/iommu_groups").resolve(Integer.toString(number));
    if (!Files.isDirectory(directory)) {
      return Optional.empty();
    }
    var members = new ArrayList<PciAddress>();
    var others = new ArrayList<String>();
    for (var name : Sysfs.names(directory.resolve("devices"))) {
      if (PciAddress.looksLike(name)) {
        members.add(PciAddress.parse(name));
      } else {
        others.add(name);
      }
    }
    members.sort(null);
    var reserved =
        Sysfs.attribute(directory.resolve("reserved_regions")).stream()
            .flatMap(String::lines)
            .map(Host::reservedRegion)
            .toList();
    return Optional.of(
        new IommuGroup(
            number,
            Sysfs.attribute(directory.resolve("name")),
            Sysfs.attribute(directory.resolve("type")).orElse("unknown"),
            members,
            others,
            reserved,
            Files.exists(sysfs.resolve("class/vfio").resolve(Integer.toString(number)))));
  }

  /**
   * {@return the group of a device; empty when no IOMMU translates for it, unless VFIO holds it all
   * the same ({@link IommuGroup#translates})}
   *
   * @param device as it was found
   */
  public Optional<IommuGroup> groupOf(PciDevice device) {
    OptionalInt number = device.group();
    return number.isPresent() ? group(number.getAsInt()) : Optional.empty();
  }

  /**
   * {@return the virtual functions of a physical one, by their numbers; none for any other device}
   * Found by links, since {@code sriov_numvfs} cannot be read while a driver lets go of the device.
   *
   * @param physical as it was found
   */
  public List<PciDevice> virtualFunctions(PciDevice physical) {
    var directory = directory(physical.address());
    return Sysfs.names(directory).stream()
        .filter(name -> VIRTUAL_FUNCTION.matcher(name).matches())
        .sorted(Comparator.comparingInt((String name) -> name.length()).thenComparing(name -> name))
        .flatMap(name -> Sysfs.linkedName(directory.resolve(name)).stream())
        .flatMap(name -> find(PciAddress.parse(name)).stream())
        .toList();
  }

  /**
   * {@return true if a device is reached through a controller, and gone without its driver, as the
   * disks behind a VMD are}
   *
   * @param controller as it was found
   * @param device another device, or the controller itself, which does not carry itself
   */
  public boolean carries(PciDevice controller, PciDevice device) {
    return !controller.address().equals(device.address())
        && place(device).startsWith(place(controller));
  }

  /**
   * {@return the reason why nobody but the kernel may translate for a device: a region that the
   * firmware keeps mapped for its group (RMRR, IVMD)} Empty for most.
   *
   * @param device as it was found
   */
  public Optional<String> firmwareMapping(PciDevice device) {
    return groupOf(device).flatMap(IommuGroup::firmwareMapping);
  }

  /**
   * {@return the devices that are reached through one}
   *
   * @param controller as it was found
   */
  public List<PciDevice> carriedBy(PciDevice controller) {
    return devices().stream().filter(device -> carries(controller, device)).toList();
  }

  private Path place(PciDevice device) {
    try {
      return directory(device.address()).toRealPath();
    } catch (IOException gone) {
      return directory(device.address());
    }
  }

  /**
   * {@return true if a device can have virtual functions (SR-IOV)}
   *
   * @param device as it was found
   */
  public boolean isPhysicalFunction(PciDevice device) {
    return Files.exists(directory(device.address()).resolve("sriov_totalvfs"));
  }

  /**
   * {@return true if a device that is in no group may be put in one as soon as a driver is bound:
   * the host has an IOMMU, and no driver has asked for DMA through it yet} Linux 6.12 does so
   * behind virtio-iommu and SMMUv3.
   *
   * @param device as it was found
   */
  public boolean groupsOnBind(PciDevice device) {
    return device.group().isEmpty()
        && device.driver().isEmpty()
        && iommus().stream().anyMatch(iommu -> iommu.driver() != IommuInstance.Driver.MOCK);
  }

  /**
   * {@return the other PCI functions of a device's group: they move along when its domain is
   * replaced}
   *
   * @param device as it was found
   */
  public List<PciDevice> siblings(PciDevice device) {
    return groupOf(device).stream()
        .flatMap(group -> group.siblings(device.address()).stream())
        .flatMap(address -> find(address).stream())
        .toList();
  }

  /**
   * {@return the siblings whose drivers do DMA through the kernel's own mappings: while one of them
   * is bound, {@code VFIO_DEVICE_BIND_IOMMUFD} answers EPERM for the whole group}
   *
   * @param device as it was found
   */
  public List<PciDevice> blockers(PciDevice device) {
    return siblings(device).stream()
        .filter(sibling -> !sibling.heldByVfio())
        .filter(sibling -> sibling.driver().filter(Host::keepsDma).isPresent())
        .toList();
  }

  /** {@return every IOMMU} */
  public List<IommuInstance> iommus() {
    return Sysfs.names(sysfs.resolve("class/iommu")).stream().map(IommuInstance::new).toList();
  }

  /**
   * {@return true if the host has a PCI driver of that name loaded}
   *
   * @param name as {@code vfio-pci}
   */
  public boolean hasDriver(String name) {
    return Files.isDirectory(driverDirectory(name));
  }

  /** {@return true if VFIO takes devices without an IOMMU ({@code enable_unsafe_noiommu_mode})} */
  public boolean takesDevicesWithoutIommu() {
    return Sysfs.attribute(sysfs.resolve("module/vfio/parameters/enable_unsafe_noiommu_mode"))
        .filter("Y"::equals)
        .isPresent();
  }

  Path directory(PciAddress address) {
    return sysfs.resolve("bus/pci/devices").resolve(address.toString());
  }

  Path driverDirectory(String name) {
    return sysfs.resolve("bus/pci/drivers").resolve(name);
  }

  Path driversProbe() {
    return sysfs.resolve("bus/pci/drivers_probe");
  }

  private static boolean keepsDma(String driver) {
    return !MANAGED_DMA.contains(driver);
  }

  private static int hex(Path directory, String name) {
    return Sysfs.attribute(directory.resolve(name)).map(Integer::decode).orElse(0);
  }

  private static ReservedRegion reservedRegion(String line) {
    var fields = line.strip().split(" +", 3);
    if (fields.length < 3) {
      throw new HostException("read reserved_regions", Errno.EINVAL, "line '" + line + "'");
    }
    return new ReservedRegion(address(fields[0]), address(fields[1]), fields[2]);
  }

  private static long address(String text) {
    return Long.parseUnsignedLong(text.startsWith("0x") ? text.substring(2) : text, 16);
  }
}
