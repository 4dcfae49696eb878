package io.iommufd4j.cli.run;

/** What a verb needs of a kernel. */
public enum Need {
  /** To look at sysfs. */
  LOOK,
  /** To change drivers through sysfs. */
  DRIVERS,
  /** To use {@code /dev/iommu} and change a host by it. */
  IOMMUFD
}
