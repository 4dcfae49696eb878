// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HW_INFO_TYPE_DEFAULT;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HW_INFO_TYPE_NONE;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.DomainType;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuDomain;
import io.iommufd4j.sim.iommu.IommuDriver;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.iommu.hardware.HardwareInfo;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import io.iommufd4j.sim.lib.Behavior;
import io.iommufd4j.sim.lib.KernelRelease;
import io.iommufd4j.sim.lib.Refused;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The common part of the drivers; their behavior for a device follows from the registers of its
 * IOMMU.
 */
public abstract class ModelDriver implements IommuDriver {

  private static final int FLUSH_SPINS = 64;

  private final String name;
  private final IommuUnit first;
  private final AttachStrategy strategy;
  private final Map<IommuDevice, IommuUnit> elsewhere = new ConcurrentHashMap<>();
  private final Map<IommuDevice, List<ReservedRegion>> reserved = new ConcurrentHashMap<>();
  private final BlockedDomain blocked = new BlockedDomain(this);
  private final IdentityDomain identity = new IdentityDomain(this);
  private volatile boolean identityByDefault;
  private volatile KernelRelease release = KernelRelease.NEWEST;

  /**
   * A driver that runs one IOMMU, and every device behind it until {@link #place} says otherwise.
   *
   * @param name as {@link #name} answers
   * @param strategy the way a device gets from one domain to the next
   */
  ModelDriver(String name, IommuUnit first, AttachStrategy strategy) {
    this.name = name;
    this.first = first;
    this.strategy = strategy;
  }

  @Override
  public final String name() {
    return name;
  }

  /** Puts a device behind another IOMMU of this driver, before it joins a group. */
  public final void place(IommuDevice device, IommuUnit unit) {
    elsewhere.put(device, unit);
  }

  /** The IOMMU a device sits behind. */
  public final IommuUnit unit(IommuDevice device) {
    return elsewhere.getOrDefault(device, first);
  }

  @Override
  public final Object instance(IommuDevice device) {
    return unit(device);
  }

  /**
   * Sets whether groups start in an identity domain ({@code iommu.passthrough=1}) instead of a DMA
   * domain. Holds for groups made from now on.
   */
  public final void identityByDefault(boolean identityFirst) {
    identityByDefault = identityFirst;
  }

  /** Sets which release's driver it is; before it has a device. */
  public final void release(KernelRelease of) {
    release = of;
  }

  /** True if the driver of this release has a behavior. */
  final boolean has(Behavior behavior) {
    return release.has(behavior);
  }

  @Override
  public @Nullable IommuDomain blockedDomain() {
    return blocked;
  }

  @Override
  public final IommuDomain allocDefault(IommuDevice device) {
    return allocDefault(device, identityByDefault);
  }

  /** A default domain: identity, or a DMA domain. */
  public final IommuDomain allocDefault(IommuDevice device, boolean passthrough) {
    return passthrough ? identity : new ModelDomain(DomainType.DMA, this, unit(device), 0);
  }

  @Override
  public final PagingDomain allocPaging(IommuDevice device, int flags) {
    IommuUnit unit = unit(device);
    if (!serves(unit, flags)) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    return new ModelDomain(DomainType.UNMANAGED, this, unit, flags);
  }

  @Override
  public final boolean capable(IommuDevice device, Capability capability) {
    return unit(device).registers().capable(capability);
  }

  @Override
  public final List<ReservedRegion> reservedRegions(IommuDevice device) {
    List<ReservedRegion> ofUnit = unit(device).reserved();
    return reserved.isEmpty() ? ofUnit : reserved.getOrDefault(device, ofUnit);
  }

  /** A device cannot use one region more, before it joins a group. */
  public final void reserve(IommuDevice device, ReservedRegion region) {
    reserved.put(
        device, Stream.concat(Stream.of(region), reservedRegions(device).stream()).toList());
  }

  @Override
  public final HardwareInfo hardwareInfo(IommuDevice device, int type) {
    HardwareInfo info = info(unit(device));
    boolean tellsNothing = info.type() == IOMMU_HW_INFO_TYPE_NONE();
    if (tellsNothing || type == IOMMU_HW_INFO_TYPE_DEFAULT() || type == info.type()) {
      return info;
    }
    throw Refused.with(Errno.EOPNOTSUPP);
  }

  /** True if this release makes a domain with a set of flags ({@link IommuRegisters#serves}). */
  boolean serves(IommuUnit unit, int flags) {
    return unit.registers().serves(flags);
  }

  /** Inclusive last IOVA of a domain of this release ({@link IommuRegisters#apertureLast}). */
  long apertureLast(IommuUnit unit, int flags) {
    return unit.registers().apertureLast(flags);
  }

  /** A bit for each page size of a domain of this release ({@link IommuRegisters#pageSizes}). */
  long pageSizes(IommuUnit unit, int flags) {
    return unit.registers().pageSizes(flags);
  }

  /** The answer of this release to {@code IOMMU_GET_HW_INFO}. */
  HardwareInfo info(IommuUnit unit) {
    return unit.registers().info();
  }

  /**
   * True if a page table can hold a mapping that may neither be read nor written: in most formats
   * such an entry is the same as none.
   */
  boolean mapsWithoutAccess() {
    return false;
  }

  /** True if what a domain maps may be read, whatever the mapping says. */
  boolean readsAll(ModelDomain domain) {
    return domain.unit().registers().readsAll(domain.flags());
  }

  /** The errno of a map where something is mapped already. */
  Errno occupied() {
    return Errno.EADDRINUSE;
  }

  /** True if a PASID can be attached to this domain. */
  protected abstract boolean attachesPasids(ModelDomain domain);

  /**
   * Switches a device to a paging domain of this driver.
   *
   * @throws Refused EINVAL when the domain does not fit the device's IOMMU
   */
  final void attach(IommuDevice device, ModelDomain to) {
    strategy.attach(this, device, to);
  }

  /** Puts a device into a domain that fits it; through a window where the driver opens one. */
  void steer(IommuDevice device, IommuDomain to) {
    if (opensWindow(device, to)) {
      block(device);
    }
    device.steer(to);
  }

  /** True if the device is blocked for a moment when it goes from its domain to the next one. */
  boolean opensWindow(IommuDevice device, IommuDomain to) {
    return true;
  }

  /** Blocks a device until it is steered again. */
  final void block(IommuDevice device) {
    device.steer(null);
    awaitFlush(device);
  }

  /**
   * The window of the drivers that have one: the device is blocked and its IOMMU drops what it had
   * cached. Takes about a microsecond, the least a hardware queue does.
   */
  protected void awaitFlush(IommuDevice device) {
    for (int i = 0; i < FLUSH_SPINS; i++) {
      Thread.onSpinWait();
    }
  }

  /**
   * Switches a PASID of a device to a paging domain of this driver, in one store. No device here
   * makes DMA with a PASID, which could meet a window.
   *
   * @throws Refused EINVAL when the domain does not fit the device's IOMMU
   */
  void attachPasid(IommuDevice device, int pasid, ModelDomain to) {
    requireFit(device, to);
    device.steerPasid(pasid, to);
  }

  /**
   * Requires that the IOMMU a device sits behind can walk a domain's page table.
   *
   * @throws Refused EINVAL when it cannot
   */
  void requireFit(IommuDevice device, ModelDomain to) {
    if (!fits(unit(device), to)) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  /** True if an IOMMU can walk a domain's page table. */
  abstract boolean fits(IommuUnit unit, ModelDomain to);

  /**
   * True if an IOMMU can walk the page table of another one: it has enough address bits and
   * features.
   */
  final boolean walks(IommuUnit unit, ModelDomain to) {
    boolean wide =
        Long.compareUnsigned(to.table().apertureLast(), apertureLast(unit, to.flags())) <= 0;
    boolean pages = (to.table().pageSizes() & ~pageSizes(unit, to.flags())) == 0;
    boolean dirty = !to.tracksDirty() || unit.registers().capable(Capability.DIRTY_TRACKING);
    return wide && pages && dirty;
  }
}
