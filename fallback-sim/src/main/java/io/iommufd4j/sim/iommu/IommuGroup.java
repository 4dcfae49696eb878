package io.iommufd4j.sim.iommu;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.ReentrantLock;
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

  /** A device's place in its group. */
  private static final class Member {
    final IommuDevice device;

    /** While a reset runs the device stays blocked whatever the group does. */
    boolean blocked;

    int resetDepth;

    Member(IommuDevice device) {
      this.device = device;
    }
  }

  /** What a PASID of the group is attached to. */
  private record Attachment(IommuDomain domain, @Nullable AttachHandle handle) {

    /** An attachment that its handle knows of. */
    static Attachment to(IommuDomain domain, @Nullable AttachHandle handle) {
      if (handle != null) {
        handle.attachedTo(domain);
      }
      return new Attachment(domain, handle);
    }
  }

  /** How hard a switch is tried. */
  private enum Resolve {
    /** The first refusal turns the devices already switched back. */
    MAY_FAIL,
    /** Every device is tried; one that refuses is blocked instead. */
    MUST_SUCCEED
  }

  private final int id;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Member> members = new ArrayList<>();

  /** By PASID. Changed under the lock; who reports a page request reads it without. */
  private final Map<Integer, Attachment> attachments = new ConcurrentSkipListMap<>();

  private @Nullable IommuDomain defaultDomain;
  private @Nullable IommuDomain blockingDomain;
  private @Nullable IommuDomain domain;
  private @Nullable Object owner;
  private int ownerCount;
  private int recoveries;

  /**
   * An empty group.
   *
   * @param id its number in sysfs
   */
  public IommuGroup(int id) {
    this.id = id;
  }

  /** Its number in sysfs. */
  public int id() {
    return id;
  }

  /** Adds a device; the first brings the default domain, and each is attached to the group's. */
  public void add(IommuDevice device) {
    lock.lock();
    try {
      device.join(this);
      members.add(new Member(device));
      IommuDomain first = defaultDomain;
      if (first == null) {
        first = device.driver().allocDefault(device);
        defaultDomain = first;
        domain = first;
      }
      IommuDomain current = domain;
      if (current != null) {
        current.attachDevice(device, null);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Its devices, in the order they came. */
  public List<IommuDevice> devices() {
    lock.lock();
    try {
      return members.stream().map(m -> m.device).toList();
    } finally {
      lock.unlock();
    }
  }

  /** The domain the group is in. */
  public @Nullable IommuDomain domain() {
    lock.lock();
    try {
      return domain;
    } finally {
      lock.unlock();
    }
  }

  /** The domain the group starts in and returns to when nobody owns it. */
  public @Nullable IommuDomain defaultDomain() {
    return defaultDomain;
  }

  /**
   * {@code iommu_setup_default_domain}: the group starts in another domain from now on, and goes
   * there at once.
   *
   * @throws Refused EPERM when somebody owns the group, and what the driver answers; the old one
   *     stays then
   */
  public void defaultDomain(IommuDomain to) {
    lock.lock();
    try {
      if (ownerCount > 0) {
        throw Refused.with(Errno.EPERM);
      }
      setDomain(to, Resolve.MAY_FAIL);
      defaultDomain = to;
    } finally {
      lock.unlock();
    }
  }

  /** Whether a stray write of any device cannot raise an interrupt elsewhere. */
  public boolean isolatesInterrupts() {
    return members.stream().allMatch(m -> m.device.isolatedInterrupts());
  }

  /** Whether somebody owns the group's DMA. */
  public boolean owned() {
    lock.lock();
    try {
      return ownerCount > 0;
    } finally {
      lock.unlock();
    }
  }

  /**
   * A kernel driver is about to do DMA with a device of the group ({@code
   * iommu_device_use_default_domain}).
   *
   * @throws Refused EBUSY when the group is owned by a user
   */
  public void useDefaultDomain() {
    lock.lock();
    try {
      if (ownerCount > 0 && (domain != defaultDomain || owner != null || !attachments.isEmpty())) {
        throw Refused.with(Errno.EBUSY);
      }
      ownerCount++;
    } finally {
      lock.unlock();
    }
  }

  /** Undoes {@link #useDefaultDomain}. */
  public void unuseDefaultDomain() {
    lock.lock();
    try {
      ownerCount--;
    } finally {
      lock.unlock();
    }
  }

  /**
   * {@code iommu_device_claim_dma_owner}: from now on DMA is the owner's to steer, and blocked
   * until it does. Devices of one group can be claimed by one owner only, each once more.
   *
   * @throws Refused EPERM when another owns the group, EBUSY when it is not in its default domain
   */
  public void claim(Object claimant) {
    lock.lock();
    try {
      if (ownerCount > 0) {
        if (owner != claimant) {
          throw Refused.with(Errno.EPERM);
        }
        ownerCount++;
        return;
      }
      if ((domain != null && domain != defaultDomain) || !attachments.isEmpty()) {
        throw Refused.with(Errno.EBUSY);
      }
      setDomain(blockingDomain(), Resolve.MAY_FAIL);
      owner = claimant;
      ownerCount++;
    } finally {
      lock.unlock();
    }
  }

  /** {@code iommu_device_release_dma_owner}: the last release returns to the default domain. */
  public void release() {
    lock.lock();
    try {
      if (ownerCount > 1) {
        ownerCount--;
        return;
      }
      ownerCount = 0;
      owner = null;
      setCoreDomain();
    } finally {
      lock.unlock();
    }
  }

  /**
   * {@code iommu_attach_group_handle}: out of a core domain into one's own.
   *
   * @throws Refused EBUSY when the group is attached already, EINVAL when the domain does not fit
   */
  public void attach(IommuDomain to, AttachHandle handle) {
    lock.lock();
    try {
      if (attachments.containsKey(NO_PASID)
          || (domain != null && domain != defaultDomain && domain != blockingDomain)) {
        throw Refused.with(Errno.EBUSY);
      }
      requireOneDriver(to);
      setDomain(to, Resolve.MAY_FAIL);
      attachments.put(NO_PASID, Attachment.to(to, handle));
    } finally {
      lock.unlock();
    }
  }

  /** {@code iommu_detach_group_handle}: back to the core's domain. */
  public void detach() {
    lock.lock();
    try {
      setCoreDomain();
      attachments.remove(NO_PASID);
    } finally {
      lock.unlock();
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
    lock.lock();
    try {
      replace(to, null);
    } finally {
      lock.unlock();
    }
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
    lock.lock();
    try {
      replace(to, handle);
    } finally {
      lock.unlock();
    }
  }

  private void replace(@Nullable IommuDomain to, @Nullable AttachHandle handle) {
    if (to == null) {
      throw Refused.with(Errno.EINVAL);
    }
    setDomain(to, Resolve.MAY_FAIL);
    attachments.put(NO_PASID, Attachment.to(to, handle));
  }

  /**
   * {@code iommu_attach_handle_get}: the handle left on an attachment; null where there is none.
   */
  public @Nullable AttachHandle handle(int pasid) {
    Attachment attachment = attachments.get(pasid);
    return attachment == null ? null : attachment.handle();
  }

  /**
   * The domain that somebody attached a PASID to, with a handle ({@code iommu_attach_handle_get});
   * null where there is none.
   */
  public @Nullable IommuDomain domain(int pasid) {
    lock.lock();
    try {
      Attachment attachment = attachments.get(pasid);
      return attachment == null || attachment.handle() == null ? null : attachment.domain();
    } finally {
      lock.unlock();
    }
  }

  /**
   * {@code iommu_attach_device_pasid}.
   *
   * @throws Refused EOPNOTSUPP without PASIDs, EINVAL for a PASID the devices cannot carry or a
   *     domain that does not fit, EBUSY when it is attached or a device recovers
   */
  public void attachPasid(IommuDevice device, int pasid, IommuDomain to, AttachHandle handle) {
    lock.lock();
    try {
      requirePasid(device, pasid, to);
      if (recoveries > 0) {
        throw Refused.with(Errno.EBUSY);
      }
      for (Member member : members) {
        // A device without any cannot send one, and is in nobody's way.
        int pasids = member.device.maxPasids();
        if (pasids > 0 && Integer.compareUnsigned(pasid, pasids) >= 0) {
          throw Refused.with(Errno.EINVAL);
        }
      }
      if (attachments.containsKey(pasid)) {
        throw Refused.with(Errno.EBUSY);
      }
      setPasid(to, pasid, null);
      attachments.put(pasid, Attachment.to(to, handle));
    } finally {
      lock.unlock();
    }
  }

  /**
   * {@code iommu_replace_device_pasid}: the PASID keeps its old domain when this fails.
   *
   * @throws Refused EINVAL when the PASID is not attached, else as {@link #attachPasid}
   */
  public void replacePasid(IommuDevice device, int pasid, IommuDomain to, AttachHandle handle) {
    lock.lock();
    try {
      requirePasid(device, pasid, to);
      if (recoveries > 0) {
        throw Refused.with(Errno.EBUSY);
      }
      Attachment old = attachments.get(pasid);
      if (old == null) {
        throw Refused.with(Errno.EINVAL);
      }
      if (old.domain() != to) {
        setPasid(to, pasid, old.domain());
      }
      attachments.put(pasid, Attachment.to(to, handle));
    } finally {
      lock.unlock();
    }
  }

  /** {@code iommu_detach_device_pasid}. */
  public void detachPasid(int pasid) {
    lock.lock();
    try {
      Attachment attachment = attachments.remove(pasid);
      for (Member member : members) {
        if (attachment != null && member.device.maxPasids() > 0) {
          removePasid(member.device, pasid, attachment.domain());
        }
      }
    } finally {
      lock.unlock();
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
    lock.lock();
    try {
      Member member = member(device);
      if (member.resetDepth > 0) {
        member.resetDepth++;
        return;
      }
      IommuDomain blocking = blockingDomain();
      if (domain != blocking) {
        blocking.attachDevice(device, domain);
      }
      member.resetDepth = 1;
      member.blocked = true;
      for (int pasid : attachments.keySet()) {
        if (pasid != NO_PASID) {
          device.steerPasid(pasid, null);
        }
      }
      recoveries++;
    } finally {
      lock.unlock();
    }
  }

  /** {@code pci_dev_reset_iommu_done}: the device joins whatever domain the group has by now. */
  public void endReset(IommuDevice device) {
    if (!device.ats()) {
      return;
    }
    lock.lock();
    try {
      Member member = member(device);
      if (--member.resetDepth > 0) {
        return;
      }
      IommuDomain current = domain;
      IommuDomain blocking = blockingDomain;
      if (current != null && current != blocking) {
        current.attachDevice(device, blocking);
      }
      member.blocked = false;
      attachments.forEach((pasid, attachment) -> {
        if (pasid != NO_PASID) {
          attachment.domain().attachPasid(device, pasid, null);
        }
      });
      recoveries--;
    } finally {
      lock.unlock();
    }
  }

  private Member member(IommuDevice device) {
    for (Member member : members) {
      if (member.device == device) {
        return member;
      }
    }
    throw Refused.with(Errno.ENODEV);
  }

  private void requireOneDriver(IommuDomain to) {
    for (Member member : members) {
      if (member.device.driver() != to.driver()) {
        throw Refused.with(Errno.EINVAL);
      }
    }
  }

  private static void requirePasid(IommuDevice device, int pasid, IommuDomain to) {
    if (!to.attachesPasids()) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    if (device.driver() != to.driver() || pasid == NO_PASID) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  private IommuDomain blockingDomain() {
    IommuDomain blocking = blockingDomain;
    if (blocking == null) {
      IommuDevice first = members.getFirst().device;
      IommuDomain own = first.driver().blockedDomain();
      blocking = own != null ? own : first.driver().allocPaging(first, 0);
      blockingDomain = blocking;
    }
    return blocking;
  }

  private void setCoreDomain() {
    IommuDomain core = owner != null ? blockingDomain : defaultDomain;
    if (core != null) {
      setDomain(core, Resolve.MUST_SUCCEED);
    }
  }

  /** {@code __iommu_group_set_domain_internal}. */
  private void setDomain(IommuDomain to, Resolve resolve) {
    IommuDomain from = domain;
    if (from == to) {
      return;
    }
    if (recoveries > 0 && resolve == Resolve.MAY_FAIL) {
      throw Refused.with(Errno.EBUSY);
    }
    for (int i = 0; i < members.size(); i++) {
      Member member = members.get(i);
      if (member.blocked) {
        continue;
      }
      try {
        to.attachDevice(member.device, from);
      } catch (Refused refused) {
        if (resolve == Resolve.MUST_SUCCEED) {
          block(member, to, from);
          continue;
        }
        turnBack(i, to, from);
        throw refused;
      }
    }
    domain = to;
  }

  /** Every device switched before the one that refused goes back where it came from. */
  private void turnBack(int refusing, IommuDomain to, @Nullable IommuDomain from) {
    if (from == null) {
      return;
    }
    for (Member member : members.subList(0, refusing)) {
      try {
        from.attachDevice(member.device, to);
      } catch (Refused again) {
        block(member, from, to);
      }
    }
  }

  /** Rather no DMA than DMA through a domain that may be freed. */
  private void block(Member member, IommuDomain refused, @Nullable IommuDomain old) {
    IommuDomain blocking = blockingDomain;
    if (blocking == null || blocking == refused) {
      return;
    }
    try {
      blocking.attachDevice(member.device, old);
    } catch (Refused stillRefused) {
      member.device.steer(null);
    }
  }

  /** {@code __iommu_set_group_pasid}. */
  private void setPasid(IommuDomain to, int pasid, @Nullable IommuDomain from) {
    for (int i = 0; i < members.size(); i++) {
      Member member = members.get(i);
      if (member.device.maxPasids() == 0) {
        continue;
      }
      try {
        to.attachPasid(member.device, pasid, from);
      } catch (Refused refused) {
        for (Member switched : members.subList(0, i)) {
          if (switched.device.maxPasids() == 0) {
            continue;
          }
          if (from == null) {
            removePasid(switched.device, pasid, to);
          } else {
            from.attachPasid(switched.device, pasid, to);
          }
        }
        throw refused;
      }
    }
  }

  /** {@code iommu_remove_dev_pasid}: the driver's blocked domain takes the PASID. */
  private static void removePasid(IommuDevice device, int pasid, IommuDomain old) {
    IommuDomain blocked = device.driver().blockedDomain();
    if (blocked != null && blocked.attachesPasids()) {
      blocked.attachPasid(device, pasid, old);
    } else {
      device.steerPasid(pasid, null);
    }
  }
}
