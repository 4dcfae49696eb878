// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import static io.iommufd4j.pci.OpenVfioFile.BY_GROUP;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads which files of VFIO the processes of a host have open or mapped, as far as this user may
 * look. A node counts by its number and not only by its usual path.
 */
final class OpenVfioFileSearch {

  private static final String DEVICE_OF_DESCRIPTOR = "vfio-device-syspath:";
  private static final String VFIO = "/dev/vfio/";

  private final Path proc;
  private final Set<DeviceNumber> numbers;
  private final List<OpenVfioFile> found = new ArrayList<>();

  OpenVfioFileSearch(Host host) {
    this.proc = host.sysfs().resolveSibling("proc");
    this.numbers =
        Stream.of(DeviceNodes.CDEVS, DeviceNodes.GROUPS)
            .flatMap(type ->
                Sysfs.names(host.sysfs().resolve(type)).stream()
                    .flatMap(name -> DeviceNodes.number(host, type, name).stream()))
            .collect(Collectors.toUnmodifiableSet());
  }

  /** Looks at every process once. */
  List<OpenVfioFile> run() {
    for (String process : Sysfs.names(proc)) {
      if (!process.isEmpty() && process.chars().allMatch(Character::isDigit)) {
        Path directory = proc.resolve(process);
        descriptors(directory);
        mappings(directory);
      }
    }
    return List.copyOf(found);
  }

  private void descriptors(Path process) {
    try (Stream<Path> descriptors = Files.list(process.resolve("fd"))) {
      descriptors.forEach(descriptor -> descriptor(process, descriptor));
    } catch (IOException | UncheckedIOException goneOrNotAllowed) {
      // A process that is gone holds nothing, and one that may not be looked at is not found.
    }
  }

  private void descriptor(Path process, Path descriptor) {
    String path = linked(descriptor);
    if (path.equals(BY_GROUP)) {
      add(process, path, Optional.empty(), deviceOf(process, descriptor), false);
    } else if (path.startsWith("/")) {
      node(process, path, descriptor, false);
    }
  }

  /** Linux names the device of such a descriptor since 6.18, and before that nowhere. */
  private static Optional<String> deviceOf(Path process, Path descriptor) {
    Path info = process.resolve("fdinfo").resolve(descriptor.getFileName().toString());
    return text(info)
        .lines()
        .filter(line -> line.startsWith(DEVICE_OF_DESCRIPTOR))
        .map(line -> line.substring(DEVICE_OF_DESCRIPTOR.length()).strip())
        .findFirst();
  }

  /** A region is always mapped shared, so that few lines are looked at twice. */
  private void mappings(Path process) {
    text(process.resolve("maps"))
        .lines()
        .map(line -> line.split(" +", 6))
        .filter(fields -> fields.length == 6 && fields[1].endsWith("s"))
        .forEach(fields -> mapping(process, fields[0], fields[5]));
  }

  private void mapping(Path process, String range, String path) {
    if (path.equals(BY_GROUP)) {
      add(process, path, Optional.empty(), Optional.empty(), true);
    } else if (path.startsWith("/")) {
      node(process, path, process.resolve("map_files").resolve(range), true);
    }
  }

  private void node(Path process, String path, Path way, boolean mapped) {
    Optional<DeviceNumber> number =
        numbers.isEmpty() ? Optional.empty() : DeviceNumber.ofNode(way).filter(numbers::contains);
    if (number.isPresent() || path.startsWith(VFIO)) {
      add(process, path, number, Optional.empty(), mapped);
    }
  }

  private void add(
      Path process,
      String path,
      Optional<DeviceNumber> number,
      Optional<String> device,
      boolean mapped) {
    long pid = Long.parseLong(process.getFileName().toString());
    String command = text(process.resolve("comm")).strip();
    found.add(new OpenVfioFile(pid, command, path, number, device, mapped));
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
