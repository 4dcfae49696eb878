// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.hardware.PageRequest;
import io.iommufd4j.sim.iommu.hardware.PasidFeature;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import io.iommufd4j.sim.lib.Refused;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A device behind an IOMMU ({@code struct device} with its {@code dev_iommu}), and what its DMA
 * meets at this moment.
 */
public class IommuDevice {

  /** {@link #messageWindow} of a device whose interrupt messages are not translated. */
  public static final long NO_WINDOW = -1;

  private final String name;
  private final IommuDriver driver;
  private final int maxPasids;
  private final Set<PasidFeature> pasidFeatures;
  private final boolean ats;
  private final boolean isolatedInterrupts;
  private final ConcurrentHashMap<Integer, IommuDomain> pasids = new ConcurrentHashMap<>();
  private volatile @Nullable IommuGroup group;
  private volatile @Nullable IommuDomain steered;
  private final AtomicReference<@Nullable PartialRequests> partialRequests =
      new AtomicReference<>();

  /**
   * A device that belongs to no group yet.
   *
   * @param name as sysfs names it, as {@code 0000:00:08.0}
   * @param maxPasids how many PASIDs it can tell apart; 0 for none
   * @param ats whether it translates addresses itself (PCI ATS): only such devices are blocked
   *     during a reset
   * @param isolatedInterrupts whether a stray write cannot raise another's interrupt
   */
  public IommuDevice(
      String name, IommuDriver driver, int maxPasids, boolean ats, boolean isolatedInterrupts) {
    this(name, driver, maxPasids, Set.of(), ats, isolatedInterrupts);
  }

  /** The same, with a PASID capability that offers more. */
  public IommuDevice(
      String name,
      IommuDriver driver,
      int maxPasids,
      Set<PasidFeature> pasidFeatures,
      boolean ats,
      boolean isolatedInterrupts) {
    this.name = name;
    this.driver = driver;
    this.maxPasids = maxPasids;
    this.pasidFeatures = Set.copyOf(pasidFeatures);
    this.ats = ats;
    this.isolatedInterrupts = isolatedInterrupts;
  }

  /** As sysfs names it. */
  public final String name() {
    return name;
  }

  /** The driver of the IOMMU it sits behind. */
  public final IommuDriver driver() {
    return driver;
  }

  /** The number of PASIDs that it can use; 0 for none. */
  public final int maxPasids() {
    return maxPasids;
  }

  /** The optional features of its PASID capability; the driver enables some, all or none. */
  public final Set<PasidFeature> pasidFeatures() {
    return pasidFeatures;
  }

  /** True if it has ATS: it caches translations itself. */
  public final boolean ats() {
    return ats;
  }

  final boolean isolatedInterrupts() {
    return isolatedInterrupts;
  }

  /**
   * True if a context made it for itself by {@code IOMMU_TEST_CMD} ({@code
   * iommufd_selftest_is_mock_dev}): it never keeps that context alive.
   */
  public boolean madeForTests() {
    return false;
  }

  /** The group it belongs to. */
  public final IommuGroup group() {
    IommuGroup now = group;
    if (now == null) {
      throw new IllegalStateException(name + " belongs to no group yet");
    }
    return now;
  }

  /** True if it belongs to a group: without an IOMMU only while VFIO has it. */
  public final boolean grouped() {
    return group != null;
  }

  final void join(@Nullable IommuGroup joined) {
    group = joined;
  }

  /** True if an IOMMU translates its DMA. */
  public final boolean translated() {
    return driver.translates();
  }

  /**
   * The first IOVA of the window in which the kernel maps the pages that take a device's interrupt
   * messages ({@code IOMMU_RESV_SW_MSI}); {@link #NO_WINDOW} without one.
   */
  public final long messageWindow() {
    for (ReservedRegion region : driver.reservedRegions(this)) {
      if (region.type() == ReservedRegion.Type.SW_MSI) {
        return region.start();
      }
    }
    return NO_WINDOW;
  }

  /**
   * {@code require_direct}: true for a device that the firmware wants memory mapped one to one for,
   * so that its DMA must never be blocked.
   */
  public final boolean requiresDirect() {
    return driver.reservedRegions(this).stream()
        .anyMatch(region -> region.type() == ReservedRegion.Type.DIRECT);
  }

  /**
   * Sets the domain in the device's context entry, as hardware sees it from now on. For drivers
   * only.
   *
   * @param domain the domain that translates DMA; null aborts every transaction
   */
  public final void steer(@Nullable IommuDomain domain) {
    steered = domain;
  }

  /** The same for DMA that carries a PASID. For drivers only. */
  public final void steerPasid(int pasid, @Nullable IommuDomain domain) {
    if (domain == null) {
      pasids.remove(pasid);
    } else {
      pasids.put(pasid, domain);
    }
  }

  /** The domain that translates a transaction without PASID at this moment; null aborts it. */
  public final @Nullable IommuDomain steered() {
    return steered;
  }

  /** The domain that translates a transaction with a PASID at this moment; null aborts it. */
  public final @Nullable IommuDomain steered(int pasid) {
    return pasids.get(pasid);
  }

  /**
   * {@code iopf_queue_add_device}: from now on page requests are taken. For drivers only.
   *
   * @throws Refused EBUSY when they are already
   */
  public void takePageRequests() {
    if (!partialRequests.compareAndSet(null, new PartialRequests())) {
      throw Refused.with(Errno.EBUSY);
    }
  }

  /** {@code iopf_queue_remove_device}: groups that are not complete are forgotten. */
  public void refusePageRequests() {
    partialRequests.set(null);
  }

  /**
   * {@code iommu_report_device_fault}: hands a page request on to who looks after the domain that
   * the device's DMA went through, once its group is complete. For drivers only.
   *
   * @throws Refused EINVAL when nobody does; the driver was told then to answer so
   */
  public void report(PageRequest request) {
    AttachHandle handle = handleFor(request);
    PageRequestHandler handler = handle == null ? null : handle.domain().pageRequestHandler();
    PartialRequests partial = partialRequests.get();
    if (handle == null || handler == null || partial == null) {
      driver.pageResponse(this, request, iommufd_h.IOMMUFD_PAGE_RESP_INVALID());
      throw Refused.with(Errno.EINVAL);
    }
    if (request.last()) {
      handler.handle(new PageRequestGroup(this, handle, partial.complete(request)));
    } else {
      partial.add(request);
    }
  }

  /** {@code find_fault_handler}: which attachment it went through. */
  private @Nullable AttachHandle handleFor(PageRequest request) {
    if (!request.hasPasid()) {
      return group().handle(IommuGroup.NO_PASID);
    }
    AttachHandle handle = group().handle(request.pasid());
    if (handle != null || !driver.userPasidTables()) {
      return handle;
    }
    // The guest's own table says what the PASID goes through; it hangs on the device itself.
    AttachHandle whole = group().handle(IommuGroup.NO_PASID);
    return whole != null && whole.domain().type() == DomainType.NESTED ? whole : null;
  }

  @Override
  public final String toString() {
    return name;
  }
}
