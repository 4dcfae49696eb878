// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.process;

import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.process.OpenDescriptor.Kind;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads which descriptors of iommufd and VFIO a process has, as {@code /proc} shows them. */
final class DescriptorSearch {

  private static final String IOMMU = "/dev/iommu";
  private static final String VFIO = "/dev/vfio/";
  private static final String CDEVS = "/dev/vfio/devices/";
  private static final String BY_GROUP = "anon_inode:[vfio-device]";
  private static final String FAULTS = "anon_inode:[iommufd-pgfault]";
  private static final String EVENTS = "anon_inode:[iommufd-viommu-event]";

  /** Linux' line of {@code fdinfo}, since 6.18. */
  private static final String DEVICE = "vfio-device-syspath:";

  private final Path proc;
  private final @Nullable Object iommuNumber;
  private final Map<String, String> devicesByCdev = new HashMap<>();

  DescriptorSearch(Kernel kernel) {
    proc = kernel.sysfs().resolveSibling("proc");
    iommuNumber = number(proc.resolveSibling("dev").resolve("iommu"));
    var host = Host.of(kernel);
    host.devices()
        .forEach(device ->
            device
                .cdevPath()
                .ifPresent(path -> devicesByCdev.put(path, device.address().toString())));
    host.mediatedDevices()
        .forEach(
            device -> device.cdevPath().ifPresent(path -> devicesByCdev.put(path, device.uuid())));
  }

  /**
   * The descriptors of a process.
   *
   * @throws IOException when it has ended, or may not be looked at
   */
  List<OpenDescriptor> of(long pid) throws IOException {
    Path process = proc.resolve(Long.toString(pid));
    var found = new ArrayList<OpenDescriptor>();
    try (Stream<Path> entries = Files.list(process.resolve("fd"))) {
      for (Path entry : entries.sorted(Comparator.comparingInt(DescriptorSearch::fd)).toList()) {
        descriptor(process, entry).ifPresent(found::add);
      }
    }
    return found;
  }

  /** The name of a process; empty when it is gone. */
  String command(long pid) {
    return text(proc.resolve(Long.toString(pid)).resolve("comm")).strip();
  }

  private static int fd(Path entry) {
    return Integer.parseInt(entry.getFileName().toString());
  }

  private Optional<OpenDescriptor> descriptor(Path process, Path entry) throws IOException {
    String path = linked(entry);
    Optional<String> device = device(process, entry, path);
    return kind(path, entry, device).map(kind -> new OpenDescriptor(fd(entry), kind, path, device));
  }

  private Optional<Kind> kind(String path, Path entry, Optional<String> device) {
    return switch (path) {
      case "/dev/vfio/vfio" -> Optional.of(Kind.CONTAINER);
      case BY_GROUP -> Optional.of(Kind.DEVICE);
      case FAULTS -> Optional.of(Kind.FAULT_QUEUE);
      case EVENTS -> Optional.of(Kind.EVENT_QUEUE);
      default -> {
        if (device.isPresent() || path.startsWith(CDEVS)) {
          yield Optional.of(Kind.DEVICE);
        }
        if (path.startsWith(VFIO)) {
          yield Optional.of(Kind.GROUP);
        }
        boolean iommufd =
            path.equals(IOMMU)
                || (path.startsWith("/")
                    && iommuNumber != null
                    && iommuNumber.equals(number(entry)));
        yield iommufd ? Optional.of(Kind.IOMMUFD) : Optional.empty();
      }
    };
  }

  private Optional<String> device(Path process, Path entry, String path) {
    if (!path.equals(BY_GROUP) && !path.startsWith("/")) {
      return Optional.empty();
    }
    Path info = process.resolve("fdinfo").resolve(entry.getFileName().toString());
    return text(info)
        .lines()
        .filter(line -> line.startsWith(DEVICE))
        .map(line -> line.substring(line.lastIndexOf('/') + 1).strip())
        .findFirst()
        .or(() -> Optional.ofNullable(devicesByCdev.get(path)));
  }

  /** The number of a device node; null for what is none. */
  private static @Nullable Object number(Path path) {
    try {
      Object number = Files.getAttribute(path, "unix:rdev");
      return Long.valueOf(0).equals(number) ? null : number;
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException notShown) {
      return null;
    }
  }

  /**
   * The file of a descriptor; empty when it was closed meanwhile.
   *
   * @throws AccessDeniedException where the process may not be looked into: root without
   *     CAP_SYS_PTRACE may list the descriptors of any process and sees no file of them
   */
  private static String linked(Path entry) throws AccessDeniedException {
    try {
      return Files.readSymbolicLink(entry).toString();
    } catch (AccessDeniedException notAllowed) {
      throw notAllowed;
    } catch (IOException gone) {
      return "";
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException gone) {
      return "";
    }
  }
}
