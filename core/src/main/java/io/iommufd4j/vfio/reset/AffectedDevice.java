// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.reset;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.bindings.vfio.vfio_pci_dependent_device;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.uapi.DeviceId;
import java.lang.foreign.MemorySegment;

/**
 * A device that a hot reset affects ({@code struct vfio_pci_dependent_device}).
 *
 * @param address which
 * @param owner whose it is, seen from the iommufd of the device that was asked
 */
public record AffectedDevice(PciAddress address, Owner owner) {

  private static final int SLOT_SHIFT = 3;
  private static final int FUNCTION = 7;

  /** The owner of a device, as far as the kernel tells. */
  public sealed interface Owner {}

  /**
   * Bound to the same iommufd.
   *
   * @param id its id there
   */
  public record Bound(DeviceId id) implements Owner {}

  /** Not bound, but in a group of which a device is bound to the same iommufd. */
  public record OfOwnedGroup() implements Owner {}

  /** Somebody else's, or the host's: it keeps the reset from being done. */
  public record NotOwned() implements Owner {}

  /**
   * Not told: the device that was asked came from a group, and shows groups in place of owners.
   *
   * @param group number of its IOMMU group
   */
  public record InGroup(int group) implements Owner {}

  static AffectedDevice of(MemorySegment entry, boolean byId) {
    int devfn = Byte.toUnsignedInt(vfio_pci_dependent_device.devfn(entry));
    var address =
        new PciAddress(
            Short.toUnsignedInt(vfio_pci_dependent_device.segment(entry)),
            Byte.toUnsignedInt(vfio_pci_dependent_device.bus(entry)),
            devfn >> SLOT_SHIFT,
            devfn & FUNCTION);
    int value = vfio_pci_dependent_device.devid(entry);
    return new AffectedDevice(address, byId ? owner(value) : new InGroup(value));
  }

  private static Owner owner(int id) {
    if (id == vfio_h.VFIO_PCI_DEVID_OWNED()) {
      return new OfOwnedGroup();
    }
    return id == vfio_h.VFIO_PCI_DEVID_NOT_OWNED() ? new NotOwned() : new Bound(new DeviceId(id));
  }
}
