package io.iommufd4j.pci;

import io.iommufd4j.pci.Holder.Hold;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The files under {@code /dev/vfio} that processes had open when {@code /proc} was read, once for
 * all devices of a host. It knows files by their usual names only and no mappings: enough to say
 * who uses what, too little before an unbind ({@link Host#holders}).
 */
public final class OpenVfioFiles {

  private static final String VFIO = "/dev/vfio/";

  private final Map<String, List<Holder>> holders;

  private OpenVfioFiles(Map<String, List<Holder>> holders) {
    this.holders = holders;
  }

  /** Reads them, as far as this user may look. */
  public static OpenVfioFiles of(Host host) {
    var holders = new HashMap<String, List<Holder>>();
    Path proc = host.sysfs().resolveSibling("proc");
    Sysfs.names(proc).stream()
        .filter(name -> !name.isEmpty() && name.chars().allMatch(Character::isDigit))
        .forEach(process -> process(proc.resolve(process), holders));
    return new OpenVfioFiles(holders);
  }

  private static void process(Path process, Map<String, List<Holder>> holders) {
    Set<String> open = new HashSet<>();
    try (Stream<Path> descriptors = Files.list(process.resolve("fd"))) {
      descriptors
          .map(OpenVfioFiles::target)
          .filter(name -> name.startsWith(VFIO))
          .forEach(open::add);
    } catch (IOException | UncheckedIOException goneOrNotAllowed) {
      return;
    }
    if (open.isEmpty()) {
      return;
    }
    long pid = Long.parseLong(process.getFileName().toString());
    String command = Sysfs.attribute(process.resolve("comm")).orElse("");
    for (String file : open) {
      Hold hold = file.startsWith(VFIO + "devices/") ? Hold.CDEV : Hold.GROUP;
      holders
          .computeIfAbsent(file, _ -> new ArrayList<>())
          .add(new Holder(pid, command, hold, file));
    }
  }

  private static String target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException gone) {
      return "";
    }
  }

  /** The processes that have a device's cdev or its VFIO group open. */
  public List<Holder> of(PciDevice device) {
    var found = new ArrayList<Holder>();
    device.cdevPath().ifPresent(cdev -> found.addAll(holders.getOrDefault(cdev, List.of())));
    device
        .group()
        .ifPresent(group -> {
          String name = VFIO + (device.heldWithoutIommu() ? "noiommu-" : "") + group;
          found.addAll(holders.getOrDefault(name, List.of()));
        });
    return found;
  }
}
