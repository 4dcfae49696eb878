// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Walks the directory of a device, links not followed, for what its driver made of it. */
final class HostUseSearch {

  /** Files and directories; a controller of a hundred disks stays below it. */
  private static final int MOST_ENTRIES = 100_000;

  /** From a USB controller to a disk behind three hubs it is 12. */
  private static final int MOST_LEVELS = 20;

  private static final Set<String> NOTHING_BELOW =
      Set.of("power", "msi_irqs", "statistics", "queues", "vfio-dev", "sriov", "wakeup");

  private static final int IFF_UP = 1;

  private static final Pattern NVME_CONTROLLER = Pattern.compile("nvme\\d+");

  private final Host host;
  private final Path sysfs;
  private final PciAddress device;
  private final MountTable mounts;
  private final List<HostUse.Interface> interfaces = new ArrayList<>();
  private final Map<String, HostUse.Disk> disks = new TreeMap<>();
  private final Set<String> controllers = new TreeSet<>();
  private int entries;

  HostUseSearch(Host host, PciAddress device) {
    this.host = host;
    this.sysfs = host.sysfs();
    this.device = device;
    this.mounts = MountTable.of(sysfs.resolveSibling("proc"));
  }

  HostUse run() {
    try {
      Path top = host.directory(device).toRealPath();
      Files.walkFileTree(top, EnumSet.noneOf(FileVisitOption.class), MOST_LEVELS, new Visitor(top));
    } catch (IOException gone) {
      return HostUse.NONE;
    }
    controllers.forEach(this::sharedNamespaces);
    interfaces.sort(Comparator.comparing(HostUse.Interface::name));
    return new HostUse(interfaces, List.copyOf(disks.values()), entries < MOST_ENTRIES);
  }

  private final class Visitor extends SimpleFileVisitor<Path> {

    private final Path top;

    Visitor(Path top) {
      this.top = top;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
      if (++entries >= MOST_ENTRIES) {
        return FileVisitResult.TERMINATE;
      }
      String name = nameOf(directory);
      if (directory.equals(top)) {
        return FileVisitResult.CONTINUE;
      }
      // A device behind a bridge is looked at when it is the one that is taken.
      if (NOTHING_BELOW.contains(name) || PciAddress.looksLike(name)) {
        return FileVisitResult.SKIP_SUBTREE;
      }
      if ("net".equals(nameOf(directory.getParent()))) {
        networkInterface(directory);
        return FileVisitResult.SKIP_SUBTREE;
      }
      if (isBlock(directory)) {
        disk(directory, 1);
        return FileVisitResult.SKIP_SUBTREE;
      }
      if (NVME_CONTROLLER.matcher(name).matches()) {
        controllers.add(name);
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      return ++entries >= MOST_ENTRIES ? FileVisitResult.TERMINATE : FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException goneOrNotAllowed) {
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException gone) {
      return FileVisitResult.CONTINUE;
    }
  }

  private void networkInterface(Path directory) {
    interfaces.add(
        new HostUse.Interface(
            nameOf(directory),
            Sysfs.attribute(directory.resolve("operstate")).orElse("unknown"),
            Sysfs.attribute(directory.resolve("flags"))
                .filter(flags -> (Long.decode(flags) & IFF_UP) != 0)
                .isPresent(),
            Sysfs.linkedName(directory.resolve("master"))));
  }

  private static boolean isBlock(Path directory) {
    return Sysfs.linkedName(directory.resolve("subsystem")).filter("block"::equals).isPresent();
  }

  /**
   * With NVMe multipath a namespace lies with its subsystem, and hidden paths to it below each
   * controller.
   */
  private void sharedNamespaces(String controller) {
    Path subsystems = sysfs.resolve("class/nvme-subsystem");
    for (String subsystem : Sysfs.names(subsystems)) {
      List<String> names = Sysfs.names(subsystems.resolve(subsystem));
      if (names.contains(controller)) {
        int paths = (int) names.stream().filter(n -> NVME_CONTROLLER.matcher(n).matches()).count();
        names.stream()
            .map(name -> subsystems.resolve(subsystem).resolve(name))
            .filter(HostUseSearch::isBlock)
            .forEach(directory -> disk(directory, paths));
      }
    }
  }

  private void disk(Path directory, int paths) {
    if (Sysfs.attribute(directory.resolve("hidden")).filter("1"::equals).isPresent()) {
      return;
    }
    String name = nameOf(directory);
    var stack = new BlockStack(sysfs, directory);
    disks.putIfAbsent(
        name,
        new HostUse.Disk(name, paths, stack.holders(), mounts.mounts(stack), mounts.swaps(stack)));
  }

  private static String nameOf(@Nullable Path path) {
    Path name = path == null ? null : path.getFileName();
    return name == null ? "" : name.toString();
  }
}
