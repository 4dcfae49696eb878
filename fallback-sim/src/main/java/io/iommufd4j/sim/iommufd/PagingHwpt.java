// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.iommu.UserData;
import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.iommufd.ioas.IoPageTable;
import io.iommufd4j.sim.lib.Refused;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A HWPT filled by the kernel from an IOAS ({@code struct iommufd_hwpt_paging}). */
public final class PagingHwpt extends Hwpt {

  private static final int FLAGS =
      iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT()
          | iommufd_h.IOMMU_HWPT_ALLOC_DIRTY_TRACKING()
          | iommufd_h.IOMMU_HWPT_FAULT_ID_VALID()
          | iommufd_h.IOMMU_HWPT_ALLOC_PASID();

  /** The IOAS whose mappings it holds. */
  public final Ioas ioas;

  /** True if it can be the parent of nested HWPTs. */
  public final boolean nestParent;

  /** Made by an attach to the IOAS, and gone with its last user. */
  volatile boolean automatic;

  /**
   * The message pages that are mapped in its domain; guarded by the context's {@link MessagePages}.
   */
  final Set<MessagePages.MessagePage> messages = new HashSet<>();

  private final PagingDomain domain;
  private boolean enforcesCoherency;
  private boolean listed;

  private PagingHwpt(ObjectTable objects, Ioas ioas, PagingDomain domain, int flags) {
    super(objects, (flags & iommufd_h.IOMMU_HWPT_ALLOC_PASID()) != 0);
    this.ioas = ioas;
    this.domain = domain;
    this.nestParent = (flags & iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT()) != 0;
  }

  /**
   * {@code iommufd_hwpt_paging_alloc}, up to the attach: makes a domain for a device, which {@link
   * #fill} is still to fill.
   *
   * @param enforceCoherency whether its DMA must snoop whatever the device asks
   * @param data what only the driver understands; null for none
   * @throws Refused EOPNOTSUPP for flags or data that the driver does not know, EINVAL when DMA
   *     cannot be made to snoop; nothing is left behind
   */
  static PagingHwpt alloc(
      ObjectTable objects,
      Ioas ioas,
      IommuDevice device,
      boolean enforceCoherency,
      int flags,
      @Nullable UserData data) {
    requireSupported(device, flags, data);
    int driverFlags = flags & ~iommufd_h.IOMMU_HWPT_FAULT_ID_VALID();
    PagingDomain domain = device.driver().allocPaging(device, driverFlags, data);
    PagingHwpt hwpt;
    try {
      objects.faults().alloc(); // The domain.
      hwpt = objects.reserve(() -> new PagingHwpt(objects, ioas, domain, flags));
    } catch (Refused refused) {
      domain.dispose();
      throw refused;
    }
    objects.addUsers(ioas, 1);
    try {
      if (enforceCoherency) {
        hwpt.enforceCoherency();
      }
    } catch (Refused refused) {
      objects.abort(hwpt);
      throw refused;
    }
    return hwpt;
  }

  /**
   * Maps all of the IOAS into it. The caller holds the IOAS's lock until the HWPT is published or
   * aborted.
   *
   * @throws Refused as {@link IoPageTable#addDomain}; the HWPT is the caller's to abort then
   */
  void fill() {
    ioas.table.addDomain(domain);
    ioas.hwpts.add(this);
    listed = true;
  }

  private static void requireSupported(IommuDevice device, int flags, @Nullable UserData data) {
    boolean tracksDirty = (flags & iommufd_h.IOMMU_HWPT_ALLOC_DIRTY_TRACKING()) != 0;
    boolean nestParent = (flags & iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT()) != 0;
    boolean faults = (flags & iommufd_h.IOMMU_HWPT_FAULT_ID_VALID()) != 0;
    boolean plain = flags == 0 && data == null;
    if ((!plain && !device.driver().allocatesWithFlags())
        || (flags & ~FLAGS) != 0
        || (tracksDirty && !device.driver().capable(device, Capability.DIRTY_TRACKING))
        || (faults && nestParent)) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
  }

  private void enforceCoherency() {
    enforcesCoherency = domain.enforceCacheCoherency();
    if (!enforcesCoherency) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  /** True if its domain makes DMA snoop whatever a device asks. */
  boolean enforcesCoherency() {
    return enforcesCoherency;
  }

  @Override
  public PagingDomain domain() {
    return domain;
  }

  @Override
  PagingHwpt paging() {
    return this;
  }

  @Override
  protected void abort() {
    unlist();
    free();
  }

  @Override
  protected void destroy() {
    try (var _ = ioas.lock.guard()) {
      if (listed) {
        ioas.hwpts.remove(this);
      }
    }
    if (listed) {
      ioas.table.removeDomain(domain);
    }
    free();
  }

  private void unlist() {
    if (listed) {
      ioas.hwpts.remove(this);
      ioas.table.removeDomain(domain);
    }
  }

  private void free() {
    freeDomain();
    objects().removeUsers(ioas, 1);
  }
}
