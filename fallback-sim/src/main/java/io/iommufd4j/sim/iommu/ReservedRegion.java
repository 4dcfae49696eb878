package io.iommufd4j.sim.iommu;

/**
 * IOVAs that a device cannot use for memory ({@code struct iommu_resv_region}).
 *
 * @param start first IOVA
 * @param last inclusive last IOVA
 * @param type why
 */
public record ReservedRegion(long start, long last, Type type) {

  /** {@link #messageWindow} of a device whose interrupt messages are not translated. */
  public static final long NO_WINDOW = -1;

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

  /** Where the kernel maps what takes a device's interrupt messages ({@code IOMMU_RESV_SW_MSI}). */
  public static long messageWindow(IommuDevice device) {
    for (ReservedRegion region : device.driver().reservedRegions(device)) {
      if (region.type() == Type.SW_MSI) {
        return region.start();
      }
    }
    return NO_WINDOW;
  }

  /**
   * {@code require_direct}: true for a device that the firmware wants memory mapped one to one for,
   * so that its DMA must never be blocked.
   */
  public static boolean requiresDirect(IommuDevice device) {
    return device.driver().reservedRegions(device).stream()
        .anyMatch(region -> region.type() == Type.DIRECT);
  }
}
