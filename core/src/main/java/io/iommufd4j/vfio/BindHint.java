// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import io.iommufd4j.bindings.vfio.vfio_device_info;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.LinuxRelease;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.IommuInstance;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.wire.Hint;
import io.iommufd4j.wire.KernelFile;
import io.iommufd4j.wire.ProcessFiles;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Finds why {@code VFIO_DEVICE_BIND_IOMMUFD} was refused ({@code vfio_df_ioctl_bind_iommufd},
 * {@code iommufd_device_bind}).
 *
 * @param file the device's descriptor
 * @param token whether a VF token was shown
 */
record BindHint(KernelFile file, boolean token) implements Hint {

  /** Brought {@code VFIO_DEVICE_BIND_FLAG_TOKEN}. */
  private static final LinuxRelease TOKENS = new LinuxRelease(6, 17);

  private static final String VFIO_PCI = "vfio-pci";

  @Override
  public String of(ErrnoCode errno) {
    Optional<DeviceFacts> facts = DeviceFacts.of(file);
    return switch (errno) {
      case Errno.EINVAL -> invalid(facts);
      case Errno.EPERM -> facts.map(this::notPermitted).orElse("");
      case Errno.EBUSY -> facts.map(this::busy).orElse("");
      case Errno.EACCES -> facts.map(this::wantsToken).orElse("");
      case Errno.ENODEV ->
          facts
              .filter(found -> found.device().group().isEmpty())
              .map(found -> found.device().address() + " is in no IOMMU group")
              .orElse("the device or its driver is going away");
      case Errno.EAGAIN ->
          "the device is being reset or its driver changed at this moment; try again";
      case Errno.EBADFD -> "the descriptor to bind to is no iommufd";
      case Errno.EBADF -> "the descriptor to bind to is closed";
      default -> "";
    };
  }

  private String invalid(Optional<DeviceFacts> facts) {
    if (ProcessFiles.of(kernel())
        .link(file.fd())
        .filter("anon_inode:[vfio-device]"::equals)
        .isPresent()) {
      return "this descriptor came from a VFIO group (VFIO_GROUP_GET_DEVICE_FD); one to bind comes"
          + " from opening /dev/vfio/devices/vfioN";
    }
    if (answersAsBound()) {
      return "this descriptor is bound to an iommufd already, and stays bound until it is closed";
    }
    if (token) {
      String unwelcome = unwelcomeToken(facts);
      if (!unwelcome.isEmpty()) {
        return unwelcome;
      }
    }
    return facts.map(this::invalid).orElse("");
  }

  private String invalid(DeviceFacts facts) {
    Optional<String> firmware = facts.host().firmwareMapping(facts.device());
    if (firmware.isPresent()) {
      return firmware.get();
    }
    String cdev = facts.device().cdevPath().orElse("");
    String holders = new Holders(kernel(), facts).besidesThisDescriptor();
    if (!holders.isEmpty()) {
      return "the device is bound through another descriptor: " + holders;
    }
    boolean mayBeIncoherent =
        facts
            .device()
            .iommu()
            .filter(iommu -> iommu.driver() != IommuInstance.Driver.VTD)
            .filter(iommu -> iommu.driver() != IommuInstance.Driver.AMD)
            .filter(iommu -> iommu.driver() != IommuInstance.Driver.VIRTIO)
            .isPresent();
    return cdev
        + " is bound by a process that is not shown here (another user's, or in another container)"
        + (mayBeIncoherent
            ? ", or the IOMMU does not keep this device's DMA coherent with the caches"
            : "");
  }

  /** The kernel answers nothing else about a device before it is bound. */
  private boolean answersAsBound() {
    try (Arena arena = Arena.ofConfined()) {
      var block = vfio_device_info.allocate(arena);
      vfio_device_info.argsz(block, Request.VFIO_DEVICE_GET_INFO.minimumBytes());
      return file.tryIoctl(Request.VFIO_DEVICE_GET_INFO, block) >= 0;
    }
  }

  private String unwelcomeToken(Optional<DeviceFacts> facts) {
    String release = kernel().identity().release();
    if (LinuxRelease.parse(release).filter(TOKENS::after).isPresent()) {
      return "this kernel ("
          + release
          + ") takes no VF token with this request, which came with Linux "
          + TOKENS
          + ", and asks for none: bind without it";
    }
    if (facts.isEmpty()) {
      return "";
    }
    DeviceFacts found = facts.get();
    Optional<PciDevice> pf = found.device().physicalFunction().flatMap(found.host()::find);
    if (pf.isPresent()) {
      return pf.get().boundTo(VFIO_PCI)
          ? ""
          : "a VF token is asked for only while the PF is "
              + VFIO_PCI
              + "'s, but "
              + pf.get().driver().map(driver -> driver + " drives it").orElse("it has no driver")
              + " ("
              + pf.get().address()
              + "): bind without it";
    }
    Path directory = found.host().sysfs().resolve("bus/pci/devices");
    return Files.exists(directory.resolve(found.device().address() + "/sriov_totalvfs"))
        ? ""
        : found.device().address() + " is neither a VF nor a PF: bind without a VF token";
  }

  private String notPermitted(DeviceFacts facts) {
    List<PciDevice> blockers = facts.host().blockers(facts.device());
    boolean allowed =
        facts.parameter("iommufd", "allow_unsafe_interrupts").filter("Y"::equals).isPresent();
    var owners = new ArrayList<String>();
    for (PciDevice blocker : blockers) {
      owners.add(
          "the host's driver "
              + blocker.driver().orElse("")
              + " uses "
              + blocker.address()
              + " of "
              + facts.groupName()
              + ": unbind it, or bind it to vfio-pci too");
    }
    var index = new Holders(kernel(), facts);
    for (PciDevice sibling : facts.vfioSiblings()) {
      String holders = index.ofSibling(sibling);
      if (!holders.isEmpty()) {
        owners.add(
            sibling.address()
                + " of "
                + facts.groupName()
                + " ("
                + sibling.cdevPath().orElse("")
                + ") is bound to another iommufd: "
                + holders
                + "; a group's devices share one iommufd");
      }
    }
    boolean isolated = InterruptIsolation.shown(facts.host());
    if (!allowed && !isolated) {
      return "the platform does not isolate the device's interrupts: turn on interrupt remapping in"
          + " firmware, or, when every device is trusted, load iommufd with"
          + " allow_unsafe_interrupts=1 (now N)";
    }
    if (owners.isEmpty()) {
      return allowed
          ? "another iommufd or VFIO container owns "
              + facts.groupName()
              + " through a process that is not shown here"
          : "";
    }
    return String.join("; ", owners);
  }

  private String busy(DeviceFacts facts) {
    if (facts.device().group().isEmpty()) {
      return "";
    }
    int number = facts.device().group().getAsInt();
    String node = "/dev/vfio/" + (facts.device().heldWithoutIommu() ? "noiommu-" : "") + number;
    String holders = new Holders(kernel(), facts).ofGroup();
    return "VFIO group "
        + number
        + " is open the legacy way ("
        + node
        + "): "
        + (holders.isEmpty() ? "by a process that is not shown here" : holders);
  }

  private String wantsToken(DeviceFacts facts) {
    PciDevice device = facts.device();
    String wrong = token ? "the VF token is not the one that the PF's user chose" : "";
    if (device.physicalFunction().isPresent()) {
      return token
          ? wrong
          : "vfio-pci holds its PF, "
              + device.physicalFunction().get()
              + ": bind with the VF token that the PF's user chose";
    }
    return "a VF of this PF is in use, so the VF token must be shown"
        + (token ? ", and this is not the one" : "");
  }

  private Kernel kernel() {
    return file.kernel();
  }
}
