// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu.hardware;

/**
 * IOVAs that a device cannot use for memory ({@code struct iommu_resv_region}).
 *
 * @param start first IOVA
 * @param last inclusive last IOVA
 * @param type why
 */
public record ReservedRegion(long start, long last, Type type) {

  /** The addresses to which devices of an x86 machine send their interrupt messages. */
  public static final ReservedRegion X86_MESSAGES =
      new ReservedRegion(0xfee0_0000L, 0xfeef_ffffL, Type.MSI);

  /** Why it is reserved; the label is what sysfs prints in {@code reserved_regions}. */
  public enum Type {
    DIRECT("direct"),
    DIRECT_RELAXABLE("direct-relaxable"),
    RESERVED("reserved"),
    MSI("msi"),
    SW_MSI("msi");

    private final String label;

    Type(String label) {
      this.label = label;
    }

    /** As sysfs prints it. */
    public String label() {
      return label;
    }
  }
}
