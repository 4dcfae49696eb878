// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * The attachment of each PASID of a group, {@link IommuGroup#NO_PASID} among them ({@code
 * iommu_group::pasid_array}). Changed under the group's lock; a report of a page request reads it
 * without the lock.
 */
final class PasidArray {

  /** Stands where whoever attached left no handle of its own. */
  private static final class NoHandle extends AttachHandle {}

  private final List<GroupDevice> devices;
  private final Map<Integer, AttachHandle> entries = new ConcurrentSkipListMap<>();

  PasidArray(List<GroupDevice> devices) {
    this.devices = devices;
  }

  boolean isEmpty() {
    return entries.isEmpty();
  }

  boolean has(int pasid) {
    return entries.containsKey(pasid);
  }

  /** The handle left on an attachment; null where there is none. */
  @Nullable AttachHandle handle(int pasid) {
    AttachHandle entry = entries.get(pasid);
    return entry instanceof NoHandle ? null : entry;
  }

  /** Notes an attachment that was made, in place of the one before. */
  void put(int pasid, IommuDomain to, @Nullable AttachHandle handle) {
    AttachHandle entry = handle == null ? new NoHandle() : handle;
    entry.attachedTo(to);
    entries.put(pasid, entry);
  }

  /** Forgets an attachment that was undone. */
  void remove(int pasid) {
    entries.remove(pasid);
  }

  /**
   * {@code iommu_attach_device_pasid}.
   *
   * @throws Refused EINVAL for a PASID that a device cannot carry, EBUSY when it is attached, and
   *     what the driver answers; nothing has changed then
   */
  void attach(int pasid, IommuDomain to, AttachHandle handle) {
    for (GroupDevice each : devices) {
      if (each.carriesPasids() && Integer.compareUnsigned(pasid, each.device.maxPasids()) >= 0) {
        throw Refused.with(Errno.EINVAL);
      }
    }
    if (has(pasid)) {
      throw Refused.with(Errno.EBUSY);
    }
    change(pasid, to, null);
    put(pasid, to, handle);
  }

  /**
   * {@code iommu_replace_device_pasid}.
   *
   * @throws Refused EINVAL when the PASID is not attached, and what the driver answers; it keeps
   *     its old domain then
   */
  void replace(int pasid, IommuDomain to, AttachHandle handle) {
    AttachHandle old = entries.get(pasid);
    if (old == null) {
      throw Refused.with(Errno.EINVAL);
    }
    if (old.domain() != to) {
      change(pasid, to, old.domain());
    }
    put(pasid, to, handle);
  }

  /** {@code iommu_detach_device_pasid}. */
  void detach(int pasid) {
    AttachHandle old = entries.remove(pasid);
    if (old != null) {
      removeFrom(devices, pasid, old.domain());
    }
  }

  /** A device takes no PASIDs while it resets. */
  void block(IommuDevice device) {
    for (int pasid : entries.keySet()) {
      if (pasid != IommuGroup.NO_PASID) {
        device.steerPasid(pasid, null);
      }
    }
  }

  /** Undoes {@link #block}, with what the PASIDs are attached to by now. */
  void restore(IommuDevice device) {
    entries.forEach((pasid, entry) -> {
      if (pasid != IommuGroup.NO_PASID) {
        entry.domain().attachPasid(device, pasid, null);
      }
    });
  }

  /** {@code __iommu_set_group_pasid}: the first refusal turns back what has switched already. */
  private void change(int pasid, IommuDomain to, @Nullable IommuDomain from) {
    for (int i = 0; i < devices.size(); i++) {
      GroupDevice each = devices.get(i);
      if (!each.carriesPasids()) {
        continue;
      }
      try {
        to.attachPasid(each.device, pasid, from);
      } catch (Refused refused) {
        turnBack(devices.subList(0, i), pasid, to, from);
        throw refused;
      }
    }
  }

  private static void turnBack(
      List<GroupDevice> switched, int pasid, IommuDomain to, @Nullable IommuDomain from) {
    if (from == null) {
      removeFrom(switched, pasid, to);
      return;
    }
    for (GroupDevice each : switched) {
      if (each.carriesPasids()) {
        from.attachPasid(each.device, pasid, to);
      }
    }
  }

  /** {@code __iommu_remove_group_pasid}: the driver's blocked domain takes the PASID. */
  private static void removeFrom(List<GroupDevice> devices, int pasid, IommuDomain old) {
    for (GroupDevice each : devices) {
      if (!each.carriesPasids()) {
        continue;
      }
      IommuDomain blocked = each.device.driver().blockedDomain();
      if (blocked != null && blocked.attachesPasids()) {
        blocked.attachPasid(each.device, pasid, old);
      } else {
        each.device.steerPasid(pasid, null);
      }
    }
  }
}
