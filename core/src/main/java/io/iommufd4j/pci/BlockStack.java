// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A disk, its partitions, and every block device that is built of them. */
final class BlockStack {

  /** Name, as {@code sda1}, to device number, as {@code 8:1}. */
  private final Map<String, String> numbers = new LinkedHashMap<>();

  /** Paths under {@code /dev} by which a mount may name one of them. */
  private final Set<String> nodes = new LinkedHashSet<>();

  private final Set<String> holders = new LinkedHashSet<>();

  BlockStack(Path sysfs, Path disk) {
    var left = new ArrayDeque<Path>();
    left.add(disk);
    while (!left.isEmpty()) {
      Path block = left.remove();
      String name = String.valueOf(block.getFileName());
      if (numbers.containsKey(name)) {
        continue;
      }
      numbers.put(name, Sysfs.attribute(block.resolve("dev")).orElse(""));
      nodes.add("/dev/" + name);
      Optional<String> mapped = Sysfs.attribute(block.resolve("dm/name"));
      mapped.ifPresent(title -> nodes.add("/dev/mapper/" + title));
      Sysfs.names(block).stream()
          .map(block::resolve)
          .filter(below -> Files.exists(below.resolve("partition")))
          .forEach(left::add);
      for (String holder : Sysfs.names(block.resolve("holders"))) {
        Path directory = sysfs.resolve("class/block").resolve(holder);
        holders.add(
            holder
                + Sysfs.attribute(directory.resolve("dm/name"))
                    .map(title -> " (" + title + ")")
                    .orElse(""));
        left.add(directory);
      }
    }
    wholeFileSystems(sysfs.resolve("fs/btrfs"));
  }

  /** A btrfs of several devices is mounted under the name of any of them. */
  private void wholeFileSystems(Path btrfs) {
    for (String one : Sysfs.names(btrfs)) {
      List<String> devices = Sysfs.names(btrfs.resolve(one).resolve("devices"));
      if (devices.stream().anyMatch(numbers::containsKey)) {
        devices.forEach(device -> nodes.add("/dev/" + device));
      }
    }
  }

  /** Devices that are built of the disk, as {@code dm-0 (vg-root)}. */
  List<String> holders() {
    return List.copyOf(holders);
  }

  /**
   * True if a mount or a swap area is on one of them.
   *
   * @param number of the device, as {@code 8:1}; empty when it is not known
   * @param node its path, as {@code /dev/sda1}
   */
  boolean has(String number, String node) {
    return (!number.isEmpty() && numbers.containsValue(number)) || nodes.contains(node);
  }
}
