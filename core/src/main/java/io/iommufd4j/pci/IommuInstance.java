// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import java.util.regex.Pattern;

/**
 * An IOMMU of the host, as {@code /sys/class/iommu} names it.
 *
 * @param name as {@code dmar0} (VT-d), {@code ivhd0} (AMD), {@code smmu3.0x…}, or for virtio-iommu
 *     the name of the device that carries it, as {@code 0000:00:01.0}
 */
public record IommuInstance(String name) {

  /** {@return the driver that serves it, found by the name that the driver gives} */
  public Driver driver() {
    for (var driver : Driver.values()) {
      if (driver.names.matcher(name).matches()) {
        return driver;
      }
    }
    return Driver.OTHER;
  }

  /** The translation that DMA meets while a driver replaces one domain by another. */
  public enum Replace {
    /** A moment without translation between the two. */
    WINDOW,
    /** A moment without translation; when the new domain does not fit, the device stays blocked. */
    BLOCKS_ON_FAILURE,
    /** Whatever the device behind the driver does. */
    UNKNOWN
  }

  /** The IOMMU drivers whose behavior is known. */
  public enum Driver {
    /** Intel VT-d: blocks translation first and checks compatibility after. */
    VTD("VT-d", "dmar\\d+", Replace.BLOCKS_ON_FAILURE),
    /** AMD-Vi: detaches, then attaches. */
    AMD("AMD-Vi", "ivhd\\d+", Replace.WINDOW),
    /** ARM SMMUv3: rewrites the device's entry, which is invalid while more than a word changes. */
    SMMUV3("SMMUv3", "smmu3\\..*", Replace.WINDOW),
    /** virtio-iommu: attaches to the new domain, then sends it the mappings again. */
    VIRTIO(
        "virtio-iommu",
        "virtio\\d+|\\p{XDigit}{4,8}:\\p{XDigit}{2}:\\p{XDigit}{2}\\.[0-7]|.*\\.virtio_mmio",
        Replace.WINDOW),
    /** The kernel's own mock, of {@code CONFIG_IOMMUFD_TEST}: no DMA goes through it. */
    MOCK("iommufd mock", "iommufd_selftest_iommu.*", Replace.UNKNOWN),
    /** Any other. */
    OTHER("other", "(?!)", Replace.UNKNOWN);

    private final String title;
    private final Pattern names;
    private final Replace replace;

    Driver(String title, String names, Replace replace) {
      this.title = title;
      this.names = Pattern.compile(names);
      this.replace = replace;
    }

    /** {@return the name people know it by} */
    public String title() {
      return title;
    }

    /** {@return the translation that DMA meets while it replaces a domain} */
    public Replace replace() {
      return replace;
    }
  }
}
