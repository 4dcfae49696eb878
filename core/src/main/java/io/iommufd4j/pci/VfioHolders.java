// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Holder.Hold;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The processes that hold VFIO devices, and so keep their unbind waiting: by the descriptors and
 * the mappings that {@code /proc} shows, compared by device number and not by name. One pass over
 * {@code /proc} serves all devices of a host; what a process opens after it is not found.
 *
 * <p>Two holds are in no process' files: a descriptor on its way through a socket, and one of a
 * process that this one may not look at. {@link #hidden} finds the first kind as far as the kernel
 * says.
 */
public final class VfioHolders {

  private final Kernel kernel;
  private final Host host;
  private final List<OpenVfioFile> files;

  private VfioHolders(Kernel kernel, Host host) {
    this.kernel = kernel;
    this.host = host;
    this.files = new OpenVfioFileSearch(host).run();
  }

  /**
   * Looks at every process of a kernel's machine, as far as this user may.
   *
   * @param kernel of the machine whose {@code /proc} is read
   * @return the holders found in one pass
   */
  public static VfioHolders of(Kernel kernel) {
    return of(kernel, Host.of(kernel));
  }

  static VfioHolders of(Kernel kernel, Host host) {
    return new VfioHolders(kernel, host);
  }

  /**
   * {@return the holders of one device: one for each descriptor, and one for all mappings of a
   * process}
   *
   * @param device as it was found
   */
  public List<Holder> of(PciDevice device) {
    var nodes = DeviceNodes.of(host, device);
    if (!nodes.exist()) {
      return List.of();
    }
    var holders = new ArrayList<Holder>();
    Set<Holder> mapping = new HashSet<>();
    for (OpenVfioFile file : files) {
      file.heldOf(nodes)
          .filter(holder -> !file.mapped() || mapping.add(holder))
          .ifPresent(holders::add);
    }
    boolean known = holders.stream().anyMatch(holder -> holder.hold() != Hold.SOME_DEVICE);
    // A device that Linux does not name may be any; it matters only where no other hold explains
    // why the group is taken.
    if (!holders.isEmpty() && (known || !groupTaken(device))) {
      holders.removeIf(holder -> holder.hold() == Hold.SOME_DEVICE);
    }
    return List.copyOf(holders);
  }

  /**
   * A hold that {@link #of(PciDevice)} does not find, in words; empty when the kernel says that
   * there is none or does not say. Ask only when no holder was found.
   */
  Optional<String> hidden(PciDevice device) {
    return groupTaken(device) && siblingsFree(device)
        ? Optional.of(
            "somebody has VFIO group "
                + device.group().orElseThrow()
                + " in use, and no process shows it: its descriptor is on its way to another"
                + " process, or that process is hidden from this one")
        : Optional.empty();
  }

  private boolean siblingsFree(PciDevice device) {
    return host.siblings(device).stream().allMatch(sibling -> of(sibling).isEmpty());
  }

  /**
   * Asks the kernel whether a device of the group is in use, by opening the VFIO group: that is
   * EBUSY while somebody has the group open or a cdev of it bound, and changes nothing otherwise
   * ({@code vfio_group_fops_open}).
   */
  private boolean groupTaken(PciDevice device) {
    if (device.group().isEmpty() || device.heldWithoutIommu()) {
      return false;
    }
    int flags = libc_h.O_RDWR() | libc_h.O_CLOEXEC();
    int fd = kernel.open("/dev/vfio/" + device.group().getAsInt(), flags);
    if (fd >= 0) {
      kernel.close(fd);
    }
    return fd == Errno.EBUSY.negated();
  }
}
