// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.doctor;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.pci.Holder;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.IommuGroup;
import io.iommufd4j.pci.IommuInstance;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.pci.VfioHolders;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.vfio.VfioDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Examines a host. Each check makes the calls that a program would make; what it takes is given
 * back. A device that a VFIO driver holds and nobody uses is bound to an iommufd for a moment,
 * which resets it; one that somebody uses is left alone.
 */
public final class Doctor {

  /** Below this a program meets the limit with its first few buffers. */
  private static final long COMFORTABLE_MEMLOCK = 64L << 20;

  private static final String DRIVER = "vfio-pci";
  private static final String CDEV = "VFIO cdev";
  private static final String BIND = "VFIO_DEVICE_BIND_IOMMUFD";
  private static final String TURN_ON =
      "turn VT-d, AMD-Vi or the SMMU on in firmware, and on Intel boot with intel_iommu=on";
  private static final String UNSAFE_INTERRUPTS =
      "module/iommufd/parameters/allow_unsafe_interrupts";

  private final Host host;
  private final List<Finding> findings = new ArrayList<>();

  private Doctor(Host host) {
    this.host = host;
  }

  /** Examines what a kernel answers and shows. */
  public static List<Finding> examine(Kernel kernel) {
    var doctor = new Doctor(Host.of(kernel));
    doctor.iommufd(kernel);
    doctor.sysfs();
    doctor.devices(kernel);
    doctor.memlock(kernel.process());
    return List.copyOf(doctor.findings);
  }

  /**
   * Examines what can be examined without a kernel that answers.
   *
   * @param reason why it does not
   * @param fix the change that would help
   * @param sysfs the root, which may not exist
   */
  public static List<Finding> examineWithout(String reason, String fix, Path sysfs) {
    var doctor = new Doctor(Host.of(sysfs));
    doctor.findings.add(Finding.missing("iommufd", reason, fix));
    if (Files.isDirectory(sysfs)) {
      doctor.sysfs();
    }
    return List.copyOf(doctor.findings);
  }

  private void iommufd(Kernel kernel) {
    try (Iommufd iommufd = Iommufd.open(kernel)) {
      findings.add(Finding.ok("iommufd", "/dev/iommu opens"));
      findings.add(ServedCommands.examine(kernel, iommufd));
      try (Ioas ioas = iommufd.newIoas()) {
        findings.add(Finding.ok("IOAS", "IOMMU_IOAS_ALLOC makes " + ioas.id()));
        map(kernel, ioas);
      } catch (KernelException refused) {
        findings.add(refused("IOAS", refused));
      }
    } catch (KernelException refused) {
      findings.add(refused("iommufd", refused));
    }
  }

  private void map(Kernel kernel, Ioas ioas) {
    try (DmaBuffer page = DmaBuffer.allocate(kernel, 1)) {
      long iova = ioas.map(page.segment(), Access.READ_WRITE);
      ioas.unmap(iova, page.byteSize());
      findings.add(
          Finding.ok(
              "map",
              "IOMMU_IOAS_MAP maps "
                  + page.byteSize()
                  + " bytes at IOVA 0x"
                  + Long.toHexString(iova)
                  + ", IOMMU_IOAS_UNMAP unmaps them"));
    } catch (KernelException refused) {
      findings.add(refused("map", refused));
    }
  }

  private void sysfs() {
    findings.add(iommu());
    findings.add(
        host.hasDriver(DRIVER)
            ? Finding.ok(DRIVER, "the driver is there")
            : Finding.missing(DRIVER, "the driver is not loaded", "load it: modprobe vfio-pci"));
  }

  private Finding iommu() {
    String names =
        host.iommus().stream()
            .map(iommu -> iommu.name() + title(iommu))
            .collect(Collectors.joining(", "));
    long groups = host.groups().stream().filter(IommuGroup::translates).count();
    if (groups > 0) {
      return Finding.ok("IOMMU", names + "; groups: " + groups);
    }
    if (host.takesDevicesWithoutIommu()) {
      return Finding.of(
          "IOMMU",
          Verdict.LIMITED,
          "no IOMMU; VFIO takes devices all the same (enable_unsafe_noiommu_mode is Y): their DMA"
              + " goes to physical addresses, nothing confines it, and a replace changes nothing"
              + " for them",
          TURN_ON);
    }
    return Finding.missing(
        "IOMMU", names.isEmpty() ? "no IOMMU, no groups" : names + ", but no groups", TURN_ON);
  }

  private static String title(IommuInstance iommu) {
    return iommu.driver() == IommuInstance.Driver.OTHER ? "" : " (" + iommu.driver().title() + ")";
  }

  private void devices(Kernel kernel) {
    List<PciDevice> held = host.devices().stream().filter(PciDevice::heldByVfio).toList();
    List<PciDevice> cdevs = held.stream().filter(device -> device.cdev().isPresent()).toList();
    if (held.isEmpty()) {
      String none = "no device is bound to vfio-pci or another VFIO driver";
      String bind = "bind one: iommufdctl device bind DEVICE";
      findings.add(Finding.notTried(CDEV, none, bind));
      findings.add(Finding.notTried("interrupts", none + unsafeInterrupts(), bind));
      return;
    }
    if (cdevs.isEmpty()) {
      findings.add(
          Finding.missing(
              CDEV,
              "devices are bound to vfio-pci, but have no cdev",
              "take a kernel with CONFIG_VFIO_DEVICE_CDEV"));
      return;
    }
    var open = VfioHolders.of(kernel);
    for (PciDevice device : cdevs) {
      List<Holder> holders = open.of(device).stream().distinct().toList();
      if (holders.isEmpty()) {
        bind(kernel, device, open);
      } else {
        findings.add(Finding.inUse(CDEV, device, "is in use", holders));
      }
    }
  }

  private void bind(Kernel kernel, PciDevice device, VfioHolders open) {
    var shown = new ArrayList<Finding>();
    try (Iommufd iommufd = Iommufd.open(kernel);
        VfioDevice opened = VfioDevice.openCdev(kernel, device.cdevPath().orElseThrow())) {
      shown.add(Finding.ok(CDEV, device, "opens"));
      opened.bind(iommufd);
      shown.add(Finding.ok("interrupts", device, "binds" + unsafeInterrupts()));
      Ioas ioas = iommufd.newIoas();
      opened.attach(ioas);
      if (device.heldWithoutIommu()) {
        shown.add(physical(kernel, ioas, device));
      }
      opened.detach();
      shown.add(Finding.ok("attach", device, "attaches to an IOAS and detaches"));
    } catch (KernelException refused) {
      Optional<Finding> inUse = inUse(device, refused, open);
      if (inUse.isPresent()) {
        findings.add(inUse.get());
        return;
      }
      shown.add(refused(checkOf(refused), device, refused));
    }
    findings.addAll(shown);
  }

  /**
   * A refusal that means that somebody has the device, or its group: BIND answers EINVAL while the
   * cdev is bound, EBUSY while the VFIO group is open, EPERM while a sibling belongs to another
   * iommufd.
   */
  private Optional<Finding> inUse(PciDevice device, KernelException refused, VfioHolders open) {
    if (!refused.operation().equals(BIND)) {
      return Optional.empty();
    }
    boolean firmwareHasIt = host.firmwareMapping(device).isPresent();
    if (refused.errno() == Errno.EBUSY || (refused.errno() == Errno.EINVAL && !firmwareHasIt)) {
      return Optional.of(
          Finding.inUse(CDEV, device, "is in use by a process that does not show", List.of()));
    }
    List<Holder> ofSiblings =
        host.siblings(device).stream()
            .flatMap(sibling -> open.of(sibling).stream())
            .distinct()
            .toList();
    return refused.errno() == Errno.EPERM && !ofSiblings.isEmpty()
        ? Optional.of(Finding.inUse(CDEV, device, "is in a group that is in use", ofSiblings))
        : Optional.empty();
  }

  /** Tries the physical addresses that a program uses where no IOMMU translates. */
  private static Finding physical(Kernel kernel, Ioas ioas, PciDevice device) {
    try (DmaBuffer page = DmaBuffer.allocate(kernel, 1)) {
      long iova = ioas.map(page.segment(), Access.READ_WRITE);
      ioas.physicalRange(iova, page.byteSize());
      ioas.unmap(iova, page.byteSize());
      return Finding.ok(
          "physical",
          device,
          "has no IOMMU; IOMMU_IOAS_NOIOMMU_GET_PA tells what to give it instead");
    }
  }

  private static String checkOf(KernelException refused) {
    return switch (refused.operation()) {
      case BIND -> refused.errno() == Errno.EPERM ? "interrupts" : CDEV;
      case "IOMMU_IOAS_NOIOMMU_GET_PA" -> "physical";
      case "VFIO_DEVICE_ATTACH_IOMMUFD_PT", "VFIO_DEVICE_DETACH_IOMMUFD_PT" -> "attach";
      default -> CDEV;
    };
  }

  private String unsafeInterrupts() {
    try {
      String value = Files.readString(host.sysfs().resolve(UNSAFE_INTERRUPTS)).strip();
      return "; iommufd's allow_unsafe_interrupts is " + value;
    } catch (IOException notShown) {
      return "";
    }
  }

  private void memlock(ProcessFacts process) {
    if (process.memlockLimit() == ProcessFacts.UNLIMITED) {
      findings.add(Finding.ok("memlock", "RLIMIT_MEMLOCK is unlimited"));
      return;
    }
    String observed = "RLIMIT_MEMLOCK is " + (process.memlockLimit() >> 10) + " KiB";
    if (process.root()) {
      findings.add(Finding.ok("memlock", observed + ", which does not bind root"));
    } else if (process.memlockLimit() >= COMFORTABLE_MEMLOCK) {
      findings.add(Finding.ok("memlock", observed));
    } else {
      findings.add(
          Finding.of(
              "memlock",
              Verdict.LIMITED,
              observed,
              "raise it (ulimit -l, LimitMEMLOCK= in a systemd unit) to what the devices are to"
                  + " reach"));
    }
  }

  private static Finding refused(String check, KernelException refused) {
    return Finding.missing(check, answer(refused), fix(refused));
  }

  private static Finding refused(String check, PciDevice device, KernelException refused) {
    return new Finding(
        check,
        Verdict.MISSING,
        Optional.of(device),
        "is refused: " + answer(refused),
        List.of(),
        fix(refused));
  }

  private static String answer(KernelException refused) {
    return refused.operation() + " answers " + refused.errno().name();
  }

  private static String fix(KernelException refused) {
    return refused.hint().isEmpty() ? "see the kernel's log" : refused.hint();
  }
}
