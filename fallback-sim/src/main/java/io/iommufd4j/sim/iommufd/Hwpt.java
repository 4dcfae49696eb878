package io.iommufd4j.sim.iommufd;

import io.iommufd4j.sim.iommu.IommuDomain;

/** A hardware page table that devices are attached to ({@code struct iommufd_hw_pagetable}). */
public abstract class Hwpt extends IommufdObject {

  /** Whether devices that use PASIDs can be attached. */
  final boolean pasidCompatible;

  Hwpt(boolean pasidCompatible) {
    this.pasidCompatible = pasidCompatible;
  }

  /** What it is to the IOMMU core. */
  public abstract IommuDomain domain();

  /** The HWPT whose IOAS decides which IOVAs are reserved ({@code find_hwpt_paging}). */
  abstract PagingHwpt paging();
}
