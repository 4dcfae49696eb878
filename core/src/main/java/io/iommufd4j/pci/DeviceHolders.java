package io.iommufd4j.pci;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Holder.Hold;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds who holds a VFIO device, and so keeps its unbind waiting: by the descriptors and the
 * mappings that {@code /proc} shows, compared by device number and not by name.
 *
 * <p>Two holds are in no process' files: a descriptor on its way through a socket, and one of a
 * process that this one may not look at. {@link #unseen} tells of the first kind as far as the
 * kernel does.
 */
final class DeviceHolders {

  private static final String ANONYMOUS_DEVICE = "anon_inode:[vfio-device]";
  private static final String DEVICE_OF_DESCRIPTOR = "vfio-device-syspath:";

  private final Kernel kernel;
  private final Host host;
  private final Path proc;

  DeviceHolders(Kernel kernel, Host host) {
    this.kernel = kernel;
    this.host = host;
    this.proc = host.sysfs().resolveSibling("proc");
  }

  /** The holders of one device, as far as this user may look. */
  List<Holder> of(PciDevice device) {
    var target = new Target(host, device);
    if (!target.held()) {
      return List.of();
    }
    var holders = new ArrayList<Holder>();
    for (String process : Sysfs.names(proc)) {
      if (!process.isEmpty() && process.chars().allMatch(Character::isDigit)) {
        new Inspected(proc.resolve(process), target).collect(holders::add);
      }
    }
    boolean known = holders.stream().anyMatch(holder -> holder.hold() != Hold.SOME_DEVICE);
    // A device that Linux does not name may be any; it matters only where no other hold explains
    // why the group is taken.
    if (known || !groupTaken(device)) {
      holders.removeIf(holder -> holder.hold() == Hold.SOME_DEVICE);
    }
    return List.copyOf(holders);
  }

  /**
   * A hold that {@link #of} does not find, in words; empty when the kernel says that there is none
   * or does not say. Ask only when no holder was found.
   */
  Optional<String> unseen(PciDevice device) {
    return groupTaken(device) && siblingsFree(device)
        ? Optional.of(
            "somebody has VFIO group "
                + device.group().orElseThrow()
                + " in use, and no process shows it: its descriptor is on its way to another"
                + " process, or that process is hidden from this one")
        : Optional.empty();
  }

  private boolean siblingsFree(PciDevice device) {
    return host.siblings(device).stream().allMatch(sibling -> of(sibling).isEmpty());
  }

  /**
   * Asks the kernel whether a device of the group is in use, by opening the VFIO group: that is
   * EBUSY while somebody has the group open or a cdev of it bound, and changes nothing otherwise
   * ({@code vfio_group_fops_open}).
   */
  private boolean groupTaken(PciDevice device) {
    if (device.group().isEmpty() || device.heldWithoutIommu()) {
      return false;
    }
    int flags = libc_h.O_RDWR() | libc_h.O_CLOEXEC();
    int fd = kernel.open("/dev/vfio/" + device.group().getAsInt(), flags);
    if (fd >= 0) {
      kernel.close(fd);
    }
    return fd == Errno.EBUSY.negated();
  }

  /** The names and numbers that a descriptor or a mapping is compared with. */
  private record Target(
      String cdev,
      Optional<DeviceNumber> cdevNumber,
      String group,
      Optional<DeviceNumber> groupNumber,
      String address) {

    Target(Host host, PciDevice device) {
      this(
          device.cdevPath().orElse(""),
          device.cdev().flatMap(name -> number(host, "class/vfio-dev/" + name)),
          groupNode(device).map("/dev/vfio/"::concat).orElse(""),
          groupNode(device).flatMap(name -> number(host, "class/vfio/" + name)),
          device.address().toString());
    }

    private static Optional<DeviceNumber> number(Host host, String directory) {
      return DeviceNumber.attribute(host.sysfs().resolve(directory).resolve("dev"));
    }

    private static Optional<String> groupNode(PciDevice device) {
      return device.group().isEmpty()
          ? Optional.empty()
          : Optional.of((device.heldWithoutIommu() ? "noiommu-" : "") + device.group().getAsInt());
    }

    boolean held() {
      return !cdev.isEmpty() || groupNumber.isPresent();
    }

    /** The hold that a file means, by its name or else by the number of its node. */
    @Nullable Hold hold(String name, Path node) {
      if (name.equals(cdev)) {
        return Hold.CDEV;
      }
      if (name.equals(group)) {
        return Hold.GROUP;
      }
      if (!name.startsWith("/") || (cdevNumber.isEmpty() && groupNumber.isEmpty())) {
        return null;
      }
      Optional<DeviceNumber> number = DeviceNumber.ofNode(node);
      if (number.isEmpty()) {
        return null;
      }
      if (number.equals(cdevNumber)) {
        return Hold.CDEV;
      }
      return number.equals(groupNumber) ? Hold.GROUP : null;
    }
  }

  /** One process' descriptors and mappings. */
  private record Inspected(Path directory, Target target) {

    void collect(Consumer<Holder> found) {
      each(directory.resolve("fd"), descriptor -> descriptor(descriptor, found));
      mappings(found);
    }

    private void descriptor(Path descriptor, Consumer<Holder> found) {
      String name = linked(descriptor);
      if (name.equals(ANONYMOUS_DEVICE)) {
        Hold hold = anonymous(descriptor);
        if (hold != null) {
          found.accept(holder(hold, name));
        }
        return;
      }
      Hold hold = target.hold(name, descriptor);
      if (hold != null) {
        found.accept(holder(hold, name));
      }
    }

    /** Linux names the device of such a descriptor since 6.18, and before that nowhere. */
    private @Nullable Hold anonymous(Path descriptor) {
      Path info = directory.resolve("fdinfo").resolve(descriptor.getFileName().toString());
      String path =
          text(info)
              .lines()
              .filter(line -> line.startsWith(DEVICE_OF_DESCRIPTOR))
              .findFirst()
              .map(line -> line.substring(DEVICE_OF_DESCRIPTOR.length()).strip())
              .orElse("");
      if (path.isEmpty()) {
        return Hold.SOME_DEVICE;
      }
      return path.endsWith("/" + target.address()) ? Hold.DEVICE : null;
    }

    /** A region is always mapped shared, so that few lines are looked at twice. */
    private void mappings(Consumer<Holder> found) {
      text(directory.resolve("maps"))
          .lines()
          .map(line -> line.split(" +", 6))
          .filter(fields -> fields.length == 6 && fields[1].endsWith("s"))
          .filter(fields -> fields[5].startsWith("/") || fields[5].equals(ANONYMOUS_DEVICE))
          .flatMap(this::mapping)
          .distinct()
          .forEach(found);
    }

    private Stream<Holder> mapping(String[] fields) {
      if (fields[5].equals(ANONYMOUS_DEVICE)) {
        return Stream.of(holder(Hold.SOME_DEVICE, fields[5]));
      }
      Path node = directory.resolve("map_files").resolve(fields[0]);
      return target.hold(fields[5], node) == Hold.CDEV
          ? Stream.of(holder(Hold.MAPPING, fields[5]))
          : Stream.empty();
    }

    private Holder holder(Hold hold, String path) {
      long pid = Long.parseLong(directory.getFileName().toString());
      return new Holder(pid, text(directory.resolve("comm")).strip(), hold, path);
    }

    private static void each(Path directory, Consumer<Path> action) {
      try (var entries = Files.list(directory)) {
        entries.forEach(action);
      } catch (IOException | UncheckedIOException goneOrNotAllowed) {
        // A process that is gone holds nothing, and one that may not be looked at is not found.
      }
    }

    private static String linked(Path descriptor) {
      try {
        return Files.readSymbolicLink(descriptor).toString();
      } catch (IOException gone) {
        return "";
      }
    }

    private static String text(Path file) {
      try {
        return Files.readString(file);
      } catch (IOException goneOrNotAllowed) {
        return "";
      }
    }
  }
}
