// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.ProcessFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;

/**
 * Finds why {@code open(2)} of a device node was refused.
 *
 * @param kernel which kernel
 * @param path the node
 */
record OpenHint(Kernel kernel, String path) implements Hint {

  private static final String IOMMU = "/dev/iommu";
  private static final String CDEVS = "/dev/vfio/devices/";
  private static final int CAP_SYS_RAWIO = 17;
  private static final int MINOR_BITS = 8;

  @Override
  public String of(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EPERM -> notPermitted();
      case Errno.EACCES -> noAccess();
      case Errno.ENOENT -> noNode();
      case Errno.ENODEV, Errno.ENXIO ->
          path.equals(IOMMU)
              ? "no driver stands behind the node: load iommufd (modprobe iommufd)"
              : "no device stands behind the node any more: it is going away, or left vfio-pci";
      case Errno.EMFILE -> "the process has no descriptor left (RLIMIT_NOFILE)";
      case Errno.ENFILE -> "the system has no open file left (fs.file-max)";
      default -> "";
    };
  }

  /** A cgroup's device rules, or a capability; never the node's mode. */
  private String notPermitted() {
    if (path.startsWith(CDEVS + "noiommu-") && lacksRawIo()) {
      return "a device without an IOMMU is opened only with CAP_SYS_RAWIO";
    }
    return "the device rules of this container or service (its cgroup) leave out "
        + device().map(numbers -> "character device " + numbers).orElse(path)
        + ": admit it (docker and podman: device /dev/...; systemd: DeviceAllow=)";
  }

  private String noAccess() {
    ProcessFacts process = kernel.process();
    String owner =
        attributes()
            .map(node ->
                " (it is "
                    + node.owner().getName()
                    + ":"
                    + node.group().getName()
                    + ", "
                    + PosixFilePermissions.toString(node.permissions())
                    + ")")
            .orElse("");
    if (!process.root()) {
      return "user "
          + process.userId()
          + " may not open it"
          + owner
          + ": give the user or a group of theirs access, by a udev rule to stay";
    }
    if (mountOption("nodev")) {
      return "the node lies on a file system that is mounted nodev";
    }
    return "the process is root, yet only of its own user namespace or without CAP_DAC_OVERRIDE"
        + owner
        + ": hand the descriptor in, or give the container's user access on the host";
  }

  private String noNode() {
    if (path.equals(IOMMU)) {
      return Files.exists(kernel.sysfs().resolve("class/misc/iommu"))
          ? "the kernel has iommufd, but the node is not here: pass "
              + IOMMU
              + " into this container"
          : "this kernel has no iommufd: load it (modprobe iommufd), or take a kernel with"
              + " CONFIG_IOMMUFD";
    }
    if (!path.startsWith(CDEVS)) {
      return "";
    }
    String name = path.substring(CDEVS.length());
    return Files.exists(kernel.sysfs().resolve("class/vfio-dev").resolve(name))
        ? "the device is there, but its node is not: pass " + path + " into this container"
        : "no such VFIO device: bind the device to vfio-pci; the kernel needs"
            + " CONFIG_VFIO_DEVICE_CDEV";
  }

  private boolean lacksRawIo() {
    return ProcessFiles.of(kernel)
        .status("CapEff:")
        .filter(mask -> (Long.parseUnsignedLong(mask, 16) >> CAP_SYS_RAWIO & 1) == 0)
        .isPresent();
  }

  private boolean mountOption(String option) {
    Path node = local();
    String best = "";
    List<String> options = List.of();
    for (String line : ProcessFiles.of(kernel).lines("mountinfo")) {
      String[] fields = line.split(" ", -1);
      if (fields.length > 5 && node.startsWith(fields[4]) && fields[4].length() >= best.length()) {
        best = fields[4];
        options = List.of(fields[5].split(","));
      }
    }
    return options.contains(option);
  }

  private Optional<PosixFileAttributes> attributes() {
    try {
      return Optional.of(
          Files.readAttributes(local(), PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
    } catch (IOException | UnsupportedOperationException notShown) {
      return Optional.empty();
    }
  }

  private Optional<String> device() {
    try {
      long device = ((Number) Files.getAttribute(local(), "unix:rdev")).longValue();
      // As makedev(3) splits it.
      long major = device >> MINOR_BITS & 0xfff;
      long minor = (device & 0xff) | (device >> 12 & 0xfffff00);
      return Optional.of(major + ":" + minor);
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException notShown) {
      return Optional.empty();
    }
  }

  /** On the file system that the kernel's sysfs lies on: a simulated kernel has its own. */
  private Path local() {
    return kernel.sysfs().getFileSystem().getPath(path);
  }
}
