// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A PCI function as sysfs showed it when it was looked at.
 *
 * @param address where it sits
 * @param vendorId 16 bits
 * @param deviceId 16 bits
 * @param classCode 24 bits: class, subclass, programming interface
 * @param revision 8 bits
 * @param driver the driver bound to it, as {@code vfio-pci}
 * @param driverOverride the one driver that may bind to it, where {@code driver_override} is set
 * @param group number of its IOMMU group; empty when no IOMMU translates for it, unless VFIO holds
 *     it all the same
 * @param iommu the IOMMU that translates for it
 * @param cdev name of its VFIO cdev, as {@code vfio0}, while a VFIO driver is bound; {@code
 *     noiommu-vfio0} when no IOMMU translates for it
 * @param physicalFunction the SR-IOV function that it is a virtual function of; empty for all
 *     others
 */
public record PciDevice(
    PciAddress address,
    int vendorId,
    int deviceId,
    int classCode,
    int revision,
    Optional<String> driver,
    Optional<String> driverOverride,
    OptionalInt group,
    Optional<IommuInstance> iommu,
    Optional<String> cdev,
    Optional<PciAddress> physicalFunction) {

  /** Classes of functions whose config header is not an endpoint's. */
  private static final Set<Integer> BRIDGES = Set.of(0x0604, 0x0607, 0x0609);

  private static final String CDEVS = "/dev/vfio/devices/";
  private static final String NO_IOMMU = "noiommu-";

  /**
   * {@return the path of its VFIO cdev, as {@code /dev/vfio/devices/vfio0}; empty without a VFIO
   * driver}
   */
  public Optional<String> cdevPath() {
    return cdev.map(CDEVS::concat);
  }

  /**
   * {@return true if VFIO holds it although no IOMMU translates for it: its DMA goes to physical
   * addresses, whatever it is attached to}
   */
  public boolean heldWithoutIommu() {
    return cdev.filter(name -> name.startsWith(NO_IOMMU)).isPresent();
  }

  /**
   * {@return true if a VFIO driver has it: vfio-pci, or one for its kind of device alone} Only such
   * a driver gives it a {@code vfio-dev} entry.
   */
  public boolean heldByVfio() {
    return cdev.isPresent() || boundTo("vfio-pci");
  }

  /** {@return true if it is a bridge or a root port, which VFIO does not take} */
  public boolean bridge() {
    return BRIDGES.contains(classCode >>> 8);
  }

  /** {@return vendor and device id as {@code lspci -n} prints them, as {@code 1234:11e8}} */
  public String ids() {
    var hex = HexFormat.of();
    return hex.toHexDigits(vendorId, 4) + ":" + hex.toHexDigits(deviceId, 4);
  }

  /**
   * {@return true if the driver of that name is bound to it}
   *
   * @param name as {@code vfio-pci}
   */
  public boolean boundTo(String name) {
    return driver.filter(name::equals).isPresent();
  }
}
