// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.trace;

import io.iommufd4j.exec.process.Capabilities;
import io.iommufd4j.exec.record.RecordedKind;
import io.iommufd4j.exec.record.RecordingHeader;
import io.iommufd4j.kernel.KernelIdentity;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** The PCI functions behind VFIO's files, as a machine's sysfs tells. */
public final class DevicePaths {

  private static final String NO_IOMMU = "noiommu-";

  private static final String UNSAFE_INTERRUPTS =
      "module/iommufd/parameters/allow_unsafe_interrupts";

  private final Path sysfs;

  /**
   * Of a tree.
   *
   * @param sysfs its root, as {@code /sys}
   */
  public DevicePaths(Path sysfs) {
    this.sysfs = sysfs;
  }

  /**
   * {@return the function behind a path of VFIO, or the first one of the group behind it}
   *
   * @param kind what the path leads to
   * @param path as {@code /dev/vfio/devices/vfio0}
   */
  public Optional<String> device(RecordedKind kind, String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return switch (kind) {
      case VFIO_DEVICE -> function(sysfs.resolve("class/vfio-dev").resolve(name));
      case VFIO_GROUP -> {
        String number = name.startsWith(NO_IOMMU) ? name.substring(NO_IOMMU.length()) : name;
        yield names(sysfs.resolve("kernel/iommu_groups").resolve(number).resolve("devices"))
            .stream()
            .findFirst();
      }
      default -> Optional.empty();
    };
  }

  /**
   * {@return the first line of a recording of this machine that begins now}
   *
   * @param kernel that is recorded
   * @param command what is run on it
   */
  public RecordingHeader header(KernelIdentity kernel, List<String> command) {
    var devices = new ArrayList<RecordingHeader.Device>();
    Path all = sysfs.resolve("class/vfio-dev");
    for (String name : names(all)) {
      function(all.resolve(name))
          .ifPresent(address -> devices.add(device(address, all.resolve(name).resolve("device"))));
    }
    boolean simulated = kernel.simulated();
    return new RecordingHeader(
        kernel.backend(),
        kernel.release(),
        simulated ? Optional.of(kernel.detail()) : Optional.empty(),
        names(sysfs.resolve("class/iommu")),
        devices,
        text(sysfs.resolve(UNSAFE_INTERRUPTS)).equals("Y"),
        Capabilities.limit(),
        command);
  }

  private static String text(Path attribute) {
    try {
      return Files.readString(attribute).strip();
    } catch (IOException none) {
      return "";
    }
  }

  private static RecordingHeader.Device device(String address, Path directory) {
    String group = target(directory.resolve("iommu_group")).orElse("-1");
    return new RecordingHeader.Device(
        address, target(directory.resolve("driver")).orElse(""), Integer.parseInt(group));
  }

  private static Optional<String> function(Path node) {
    return target(node.resolve("device"));
  }

  /** The last name of what a link leads to. */
  private static Optional<String> target(Path link) {
    try {
      return Optional.ofNullable(link.toRealPath().getFileName()).map(Path::toString);
    } catch (IOException none) {
      return Optional.empty();
    }
  }

  private static List<String> names(Path directory) {
    var names = new TreeSet<String>();
    try (var entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        Path name = entry.getFileName();
        if (name != null) {
          names.add(name.toString());
        }
      }
    } catch (IOException | DirectoryIteratorException none) {
      return List.of();
    }
    return List.copyOf(names);
  }
}
