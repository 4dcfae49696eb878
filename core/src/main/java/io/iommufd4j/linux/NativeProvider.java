// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import io.iommufd4j.bindings.iommufd.iommu_ioas_alloc;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Availability;
import io.iommufd4j.kernel.Availability.Available;
import io.iommufd4j.kernel.Availability.Unavailable;
import io.iommufd4j.kernel.Backend.Purpose;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.kernel.KernelProvider;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;

/** Provides the host's own kernel. */
public final class NativeProvider implements KernelProvider {

  private static final String NODE = "/dev/iommu";
  private static final Path DEVICES = Path.of("/sys/bus/pci/devices");
  private static final Path DRIVER = Path.of("/sys/class/misc/iommu");

  /** For {@link java.util.ServiceLoader}. */
  public NativeProvider() {}

  @Override
  public String backend() {
    return KernelIdentity.NATIVE;
  }

  /**
   * For requests, opens {@code /dev/iommu}, makes an IOAS there, and closes it again: it relies on
   * the call that a program would make, not on a guess from a version. For all else sysfs is
   * enough, which serves where {@code /dev/iommu} is missing, too.
   */
  @Override
  public Availability probe(Purpose purpose) {
    String system = System.getProperty("os.name", "");
    if (!system.equals("Linux")) {
      return new Unavailable(
          "iommufd is Linux's and this is " + system, "take the simulated kernel");
    }
    try {
      var kernel = new NativeKernel();
      return purpose == Purpose.IOMMUFD ? tryIommufd(kernel) : devices();
    } catch (LinkageError | RuntimeException e) {
      if (NativeAccess.refused(e)) {
        return new Unavailable(
            "this JVM does not let iommufd4j call native code",
            "start java with " + NativeAccess.flag());
      }
      return new Unavailable(
          "the native library could not be loaded: " + e,
          "name a directory from which code may run by -Djava.io.tmpdir");
    }
  }

  @Override
  public Kernel open() {
    return new NativeKernel();
  }

  private static Availability devices() {
    return Files.isDirectory(DEVICES)
        ? new Available()
        : new Unavailable(
            "there is no " + DEVICES, "take a host with PCI, or the simulated kernel");
  }

  private static Availability tryIommufd(NativeKernel kernel) {
    try (var arena = Arena.ofConfined()) {
      int fd = kernel.open(NODE, libc_h.O_RDWR() | libc_h.O_CLOEXEC());
      if (fd < 0) {
        return notOpened(ErrnoCode.of(fd), kernel.identity().release());
      }
      var request = iommu_ioas_alloc.allocate(arena);
      iommu_ioas_alloc.size(request, (int) iommu_ioas_alloc.sizeof());
      int answer = kernel.ioctl(fd, iommufd_h.IOMMU_IOAS_ALLOC(), request);
      kernel.close(fd);
      return answer < 0
          ? new Unavailable(
              NODE + " opens, but IOMMU_IOAS_ALLOC answers " + Errno.name(answer),
              "see which driver stands behind " + NODE)
          : new Available();
    }
  }

  private static Unavailable notOpened(ErrnoCode errno, String release) {
    String reason = NODE + " does not open: " + errno.name();
    if (errno == Errno.ENOENT) {
      var root = Path.of("/");
      var config = new KernelConfig(root, release);
      return noNode(release, Files.exists(DRIVER), config, Distribution.of(root));
    }
    if (errno == Errno.EACCES) {
      return new Unavailable(
          reason, "give this user access to " + NODE + "; root of a container needs it as well");
    }
    if (errno == Errno.EPERM) {
      return new Unavailable(
          reason, "admit " + NODE + " in the device rules of this container or service");
    }
    if (errno == Errno.ENODEV || errno == Errno.ENXIO) {
      return new Unavailable(
          reason + ", no driver stands behind the node", "load it: modprobe iommufd");
    }
    return new Unavailable(reason, "see open(2) for " + errno.name());
  }

  /**
   * The reason why there is no node: a container without it, a module not loaded, or a kernel
   * without iommufd.
   */
  static Unavailable noNode(
      String release, boolean driverPresent, KernelConfig config, Distribution distribution) {
    if (driverPresent) {
      return new Unavailable(
          "the kernel has iommufd, but there is no " + NODE + " here",
          "pass " + NODE + " into this container");
    }
    String missing = "there is no " + NODE;
    return switch (config.option("CONFIG_IOMMUFD").orElse("")) {
      case "m" -> new Unavailable(missing + ": iommufd is not loaded", "load it: modprobe iommufd");
      case "n" ->
          new Unavailable(
              missing + ": Linux " + release + " was built without CONFIG_IOMMUFD",
              (distribution == Distribution.DEBIAN
                      ? distribution.advice()
                      : "boot a kernel that has it")
                  + ", or take the simulated kernel");
      default ->
          new Unavailable(
              missing + " under Linux " + release,
              distribution.advice() + ", or take the simulated kernel");
    };
  }
}
