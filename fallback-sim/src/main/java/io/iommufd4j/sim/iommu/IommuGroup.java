// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Mutex;
import io.iommufd4j.sim.lib.Refused;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Devices that the IOMMU cannot tell apart, and so switch domains together ({@code struct
 * iommu_group}).
 *
 * <p>Kernel functions: {@code iommu_attach_group_handle}, {@code iommu_detach_group_handle}, {@code
 * iommu_replace_group_handle} (once {@code iommu_group_replace_domain}), {@code
 * iommu_device_claim_dma_owner}, {@code pci_dev_reset_iommu_prepare} and {@code _done}.
 */
public final class IommuGroup {

  /** The PASID of DMA that carries none. */
  public static final int NO_PASID = 0;

  private final int id;
  private final @Nullable String name;
  private final Mutex lock = new Mutex();
  private final List<GroupDevice> devices = new ArrayList<>();
  private final GroupDomain domain = new GroupDomain(devices);
  private final PasidArray pasids = new PasidArray(devices);
  private final DmaOwner owner = new DmaOwner(domain, pasids);

  /** The number of its devices that are being reset. */
  private int recoveries;

  /**
   * An empty group.
   *
   * @param id its number in sysfs
   */
  public IommuGroup(int id) {
    this(id, null);
  }

  /**
   * An empty group with a name.
   *
   * @param id its number in sysfs
   * @param name {@code iommu_group_set_name}; null for none
   */
  public IommuGroup(int id, @Nullable String name) {
    this.id = id;
    this.name = name;
  }

  /** Its number in sysfs. */
  public int id() {
    return id;
  }

  /** Its name in sysfs; null when nobody gave it one. */
  public @Nullable String name() {
    return name;
  }

  /** Adds a device; the first brings the default domain, and each is attached to the group's. */
  public void add(IommuDevice device) {
    try (var _ = lock.guard()) {
      device.join(this);
      devices.add(new GroupDevice(device));
      domain.join(device);
    }
  }

  /** {@code iommu_group_remove_device}: whatever DMA the device still does meets nothing. */
  public void remove(IommuDevice device) {
    try (var _ = lock.guard()) {
      devices.removeIf(each -> each.device == device);
      if (device.translated()) {
        device.steer(null);
      }
      device.join(null);
    }
  }

  /** Its devices, in the order they came. */
  public List<IommuDevice> devices() {
    try (var _ = lock.guard()) {
      return devices.stream().map(each -> each.device).toList();
    }
  }

  /** The domain the group is in. */
  public @Nullable IommuDomain domain() {
    try (var _ = lock.guard()) {
      return domain.current();
    }
  }

  /** The domain the group starts in and returns to when nobody owns it. */
  public @Nullable IommuDomain defaultDomain() {
    return domain.initial();
  }

  /**
   * {@code iommu_setup_default_domain}: the group starts in another domain from now on, and goes
   * there at once.
   *
   * @throws Refused EPERM when somebody owns the group, and what the driver answers; the old one
   *     stays then
   */
  public void defaultDomain(IommuDomain to) {
    try (var _ = lock.guard()) {
      if (owner.isThere()) {
        throw Refused.with(Errno.EPERM);
      }
      change(to);
      domain.initial(to);
    }
  }

  /** True if no device of the group can raise an interrupt elsewhere by a stray write. */
  public boolean isolatesInterrupts() {
    return devices.stream().allMatch(each -> each.device.isolatedInterrupts());
  }

  /** True if a driver or an owner uses the group's DMA. */
  public boolean owned() {
    try (var _ = lock.guard()) {
      return owner.isThere();
    }
  }

  /**
   * A kernel driver is about to do DMA with a device of the group ({@code
   * iommu_device_use_default_domain}).
   *
   * @throws Refused EBUSY when the group is owned by a user
   */
  public void useDefaultDomain() {
    try (var _ = lock.guard()) {
      owner.useInitial();
    }
  }

  /** Undoes {@link #useDefaultDomain}. */
  public void unuseDefaultDomain() {
    try (var _ = lock.guard()) {
      owner.unuseInitial();
    }
  }

  /**
   * {@code iommu_device_claim_dma_owner}: from now on DMA is the owner's to steer, and blocked
   * until it does. Devices of one group can be claimed by one owner only, each once more.
   *
   * @throws Refused EPERM when another owns the group, EBUSY when it is not in its default domain,
   *     EINVAL when a device of it must have memory mapped one to one
   */
  public void claim(Object claimant) {
    try (var _ = lock.guard()) {
      if (!owner.again(claimant)) {
        owner.requireFree();
        change(domain.needBlocking());
        owner.take(claimant);
      }
    }
  }

  /** {@code iommu_device_release_dma_owner}: the last release returns to the default domain. */
  public void release() {
    try (var _ = lock.guard()) {
      if (owner.release()) {
        returnToCores();
      }
    }
  }

  /**
   * {@code iommu_attach_group_handle}: out of a core domain into one's own.
   *
   * @throws Refused EBUSY when the group is attached already, EINVAL when the domain does not fit
   */
  public void attach(IommuDomain to, AttachHandle handle) {
    try (var _ = lock.guard()) {
      if (pasids.has(NO_PASID) || !domain.isCores()) {
        throw Refused.with(Errno.EBUSY);
      }
      requireOneDriver(to);
      change(to);
      pasids.put(NO_PASID, to, handle);
    }
  }

  /** {@code iommu_detach_group_handle}: back to the core's domain. */
  public void detach() {
    try (var _ = lock.guard()) {
      returnToCores();
      pasids.remove(NO_PASID);
    }
  }

  /**
   * The seed, {@code iommu_group_replace_domain}: the group changes domain without being forced
   * through the blocking domain in between. Where it is in a core domain this acts as an attach.
   * DMA sees the old domain or the new one, or is dropped; never anything else. On failure every
   * device already switched is turned back, and the one that refused stays as its driver left it.
   *
   * @throws Refused EINVAL when there is no new domain or it does not fit a device, EBUSY while a
   *     device of the group recovers from a reset
   */
  public void replaceDomain(@Nullable IommuDomain to) {
    replace(to, null);
  }

  /**
   * {@code iommu_replace_group_handle}: {@link #replaceDomain} that also leaves a handle of the
   * caller's on the new attachment.
   *
   * @throws Refused as {@link #replaceDomain}; EINVAL without a handle
   */
  public void replaceHandle(@Nullable IommuDomain to, @Nullable AttachHandle handle) {
    if (handle == null) {
      throw Refused.with(Errno.EINVAL);
    }
    replace(to, handle);
  }

  private void replace(@Nullable IommuDomain to, @Nullable AttachHandle handle) {
    if (to == null) {
      throw Refused.with(Errno.EINVAL);
    }
    try (var _ = lock.guard()) {
      change(to);
      pasids.put(NO_PASID, to, handle);
    }
  }

  /**
   * {@code iommu_attach_handle_get}: the handle left on an attachment; null where there is none.
   */
  public @Nullable AttachHandle handle(int pasid) {
    return pasids.handle(pasid);
  }

  /**
   * {@code iommu_dma_prepare_msi}: a device of the group is about to send interrupt messages, which
   * its IOMMU translates.
   *
   * @param page physical address of the page that takes them
   * @return where the device finds that page
   * @throws Refused EOPNOTSUPP in a domain where nothing can be mapped, and what the mapping does
   */
  public long prepareMessages(IommuDevice device, long page) {
    try (var _ = lock.guard()) {
      IommuDomain now = domain.current();
      AttachHandle handle = pasids.handle(NO_PASID);
      if (handle != null) {
        return handle.reachMessages(device, page);
      }
      if (!(now instanceof PagingDomain paging) || now == domain.blocking()) {
        throw Refused.with(Errno.EOPNOTSUPP);
      }
      // Of a domain whose owner leaves this to the IOMMU core (iommu_get_msi_cookie).
      long window = device.messageWindow();
      if (paging.table().physical(window) != page) {
        int protection = PagingDomain.READ | PagingDomain.WRITE;
        paging.map(window, page, paging.table().smallestPage(), protection);
      }
      return window;
    }
  }

  /**
   * The domain that somebody attached a PASID to, with a handle ({@code iommu_attach_handle_get});
   * null where there is none.
   */
  public @Nullable IommuDomain domain(int pasid) {
    try (var _ = lock.guard()) {
      AttachHandle handle = pasids.handle(pasid);
      return handle == null ? null : handle.domain();
    }
  }

  /**
   * {@code iommu_attach_device_pasid}.
   *
   * @throws Refused EOPNOTSUPP without PASIDs, EINVAL for a PASID the devices cannot carry or a
   *     domain that does not fit, EBUSY when it is attached or a device recovers
   */
  public void attachPasid(IommuDevice device, int pasid, IommuDomain to, AttachHandle handle) {
    try (var _ = lock.guard()) {
      requirePasid(device, pasid, to);
      pasids.attach(pasid, to, handle);
    }
  }

  /**
   * {@code iommu_replace_device_pasid}: the PASID keeps its old domain when this fails.
   *
   * @throws Refused EINVAL when the PASID is not attached, else as {@link #attachPasid}
   */
  public void replacePasid(IommuDevice device, int pasid, IommuDomain to, AttachHandle handle) {
    try (var _ = lock.guard()) {
      requirePasid(device, pasid, to);
      pasids.replace(pasid, to, handle);
    }
  }

  /** {@code iommu_detach_device_pasid}. */
  public void detachPasid(int pasid) {
    try (var _ = lock.guard()) {
      pasids.detach(pasid);
    }
  }

  /**
   * {@code pci_dev_reset_iommu_prepare}: the device is blocked while it resets; the group keeps its
   * domain, and refuses changes meanwhile. A device without ATS needs none of it.
   */
  public void beginReset(IommuDevice device) {
    if (!device.ats()) {
      return;
    }
    try (var _ = lock.guard()) {
      GroupDevice place = place(device);
      if (place.resets > 0) {
        place.resets++;
        return;
      }
      IommuDomain blocking = domain.needBlocking();
      if (domain.current() != blocking) {
        blocking.attachDevice(device, domain.current());
      }
      place.resets = 1;
      place.blocked = true;
      pasids.block(device);
      recoveries++;
    }
  }

  /** {@code pci_dev_reset_iommu_done}: the device joins whatever domain the group has by now. */
  public void endReset(IommuDevice device) {
    if (!device.ats()) {
      return;
    }
    try (var _ = lock.guard()) {
      GroupDevice place = place(device);
      if (--place.resets > 0) {
        return;
      }
      IommuDomain current = domain.current();
      IommuDomain blocking = domain.blocking();
      if (current != null && current != blocking) {
        current.attachDevice(device, blocking);
      }
      place.blocked = false;
      pasids.restore(device);
      recoveries--;
    }
  }

  private GroupDevice place(IommuDevice device) {
    for (GroupDevice each : devices) {
      if (each.device == device) {
        return each;
      }
    }
    throw Refused.with(Errno.ENODEV);
  }

  private void requireOneDriver(IommuDomain to) {
    for (GroupDevice each : devices) {
      if (each.device.driver() != to.driver()) {
        throw Refused.with(Errno.EINVAL);
      }
    }
  }

  private void requirePasid(IommuDevice device, int pasid, IommuDomain to) {
    if (!to.attachesPasids()) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    if (device.driver() != to.driver() || pasid == NO_PASID) {
      throw Refused.with(Errno.EINVAL);
    }
    if (recoveries > 0) {
      throw Refused.with(Errno.EBUSY);
    }
  }

  /** {@code __iommu_group_set_core_domain}. */
  private void returnToCores() {
    IommuDomain core = owner.isOwn() ? domain.blocking() : domain.initial();
    if (core != null && core != domain.current()) {
      domain.force(core);
    }
  }

  /** Refused with EBUSY while a device recovers from a reset. */
  private void change(IommuDomain to) {
    if (to == domain.current()) {
      return;
    }
    if (recoveries > 0) {
      throw Refused.with(Errno.EBUSY);
    }
    domain.change(to);
  }
}
