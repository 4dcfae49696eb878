// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.AttachHandle;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommufd.ioas.IoPageTable;
import io.iommufd4j.sim.lib.Mutex;
import io.iommufd4j.sim.lib.Refused;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A group as one context sees it ({@code struct iommufd_group}): for each PASID the HWPT it is
 * attached to and the devices that asked for that. Only the first device's attach and the last
 * one's detach reach the IOMMU core; each device brings its own reserved IOVAs.
 */
final class IommufdGroup {

  /** The attachment of a PASID ({@code struct iommufd_attach}). */
  private static final class Attachment {
    Hwpt hwpt;

    /** By rising object id. */
    final List<BoundDevice> devices = new ArrayList<>(1);

    /** Of an attachment that is over and through which nothing was reported: may serve again. */
    @Nullable DeviceAttachHandle spare;

    Attachment(Hwpt hwpt) {
      this.hwpt = hwpt;
    }

    void add(BoundDevice device) {
      int at = 0;
      while (at < devices.size() && devices.get(at).id() < device.id()) {
        at++;
      }
      devices.add(at, device);
    }

    DeviceAttachHandle handle(BoundDevice device, MessagePages.OfGroup messages, Hwpt to) {
      DeviceAttachHandle handle = spare;
      spare = null;
      if (handle == null || !handle.of(device)) {
        return new DeviceAttachHandle(device, messages, to);
      }
      handle.reuse(to);
      return handle;
    }
  }

  private final ObjectTable objects;
  private final @Nullable IommuGroup group;

  /** Taken after an IOAS's lock and before the core group's. */
  final Mutex lock = new Mutex();

  private final Map<Integer, Attachment> attachments = new HashMap<>();

  /**
   * The pages that its devices have sent interrupt messages to; each HWPT that it gets must map
   * them.
   */
  private final MessagePages.OfGroup messages;

  /** The number of devices of the context that are in it; guarded by the context. */
  int devices;

  /**
   * A group without devices.
   *
   * @param group the core's; null for a device that has no IOMMU and is alone in this
   */
  IommufdGroup(ObjectTable objects, MessagePages messagePages, @Nullable IommuGroup group) {
    this.objects = objects;
    this.messages = messagePages.ofGroup();
    this.group = group;
  }

  /** The core's group; null where nothing translates, and so nothing is to be told. */
  @Nullable IommuGroup core() {
    return group;
  }

  /** True if a device takes part in a PASID's attachment. */
  boolean attached(BoundDevice device, int pasid) {
    try (var _ = lock.guard()) {
      Attachment attachment = attachments.get(pasid);
      return attachment != null && attachment.devices.contains(device);
    }
  }

  /**
   * {@code iommufd_hw_pagetable_attach}: one more device takes part; the HWPT gains a user.
   *
   * @throws Refused EBUSY when it does so already, EINVAL when the group is attached to another
   *     HWPT or this one does not fit, EADDRINUSE when a reserved IOVA is mapped, ENOMEM; nothing
   *     has changed then
   */
  void attach(Hwpt hwpt, BoundDevice device, int pasid) {
    try (var _ = lock.guard()) {
      Attachment attachment = attachments.get(pasid);
      if (attachment != null && attachment.devices.contains(device)) {
        throw Refused.with(Errno.EBUSY);
      }
      if (attachment != null && attachment.hwpt != hwpt) {
        throw Refused.with(Errno.EINVAL);
      }
      IoPageTable table = hwpt.paging().ioas.table;
      boolean reserves = pasid == IommuGroup.NO_PASID && group != null;
      if (attachment == null) {
        objects.faults().alloc();
      }
      objects.faults().alloc(); // The device's place in it.
      if (reserves) {
        table.reserveFor(device.hardware());
      }
      if (attachment == null) {
        try {
          if (reserves) {
            messages.install(hwpt.paging());
          }
          attachCore(hwpt, device, pasid);
        } catch (Refused refused) {
          if (reserves) {
            table.unreserve(device.hardware());
          }
          throw refused;
        }
        attachment = new Attachment(hwpt);
        attachments.put(pasid, attachment);
      }
      objects.addUsers(hwpt, 1);
      attachment.add(device);
    }
  }

  private void attachCore(Hwpt hwpt, BoundDevice device, int pasid) {
    requirePasidFits(hwpt, pasid);
    if (group == null) {
      return;
    }
    objects.faults().alloc(); // The handle.
    if (pasid == IommuGroup.NO_PASID) {
      group.attach(hwpt.domain(), new DeviceAttachHandle(device, messages, hwpt));
    } else {
      group.attachPasid(
          device.hardware(), pasid, hwpt.domain(), new DeviceAttachHandle(device, messages, hwpt));
    }
  }

  /**
   * {@code iommufd_hw_pagetable_detach}: a device takes part no longer; the last one's detach
   * leaves the group blocked. The HWPT loses a user, and goes if it was automatic and that the
   * last.
   *
   * @return whether the device was attached
   */
  boolean detach(BoundDevice device, int pasid) {
    Hwpt hwpt;
    try (var _ = lock.guard()) {
      Attachment attachment = attachments.get(pasid);
      if (attachment == null || !attachment.devices.remove(device)) {
        return false;
      }
      hwpt = attachment.hwpt;
      if (attachment.devices.isEmpty()) {
        detachCore(hwpt, pasid);
        attachments.remove(pasid);
      }
      if (pasid == IommuGroup.NO_PASID) {
        hwpt.paging().ioas.table.unreserve(device.hardware());
      }
    }
    putHwpt(hwpt);
    return true;
  }

  private void detachCore(Hwpt hwpt, int pasid) {
    if (group == null) {
      return;
    }
    AttachHandle handle = group.handle(pasid);
    if (pasid == IommuGroup.NO_PASID) {
      group.detach();
    } else {
      group.detachPasid(pasid);
    }
    hwpt.refusePending(handle);
  }

  /**
   * {@code iommufd_device_do_replace}: every device of the group moves, and as many users with
   * them. The reserved IOVAs enter the new IOAS first and leave the old one after.
   *
   * @return the HWPT that was left, still with one user that the caller has to {@link #putHwpt};
   *     null when the group was attached to this one before
   * @throws Refused EINVAL when the device is not attached or the HWPT does not fit, EADDRINUSE
   *     when a reserved IOVA is mapped, EBUSY while a device recovers from a reset
   */
  @Nullable Hwpt replace(Hwpt hwpt, BoundDevice device, int pasid) {
    try (var _ = lock.guard()) {
      Attachment attachment = attachments.get(pasid);
      if (attachment == null || !attachment.devices.contains(device)) {
        throw Refused.with(Errno.EINVAL);
      }
      Hwpt old = attachment.hwpt;
      if (hwpt == old) {
        return null;
      }
      Ioas to = hwpt.paging().ioas;
      Ioas from = old.paging().ioas;
      boolean reserves = pasid == IommuGroup.NO_PASID && group != null;
      try {
        if (reserves && to != from) {
          for (BoundDevice each : attachment.devices) {
            to.table.reserveFor(each.hardware());
          }
        }
        if (reserves) {
          messages.install(hwpt.paging());
        }
        replaceCore(hwpt, attachment, device, pasid);
      } catch (Refused refused) {
        if (reserves) {
          // As the kernel does it, even where both HWPTs are of one IOAS.
          unreserve(attachment, to);
        }
        throw refused;
      }
      if (reserves && to != from) {
        unreserve(attachment, from);
      }
      attachment.hwpt = hwpt;
      int count = attachment.devices.size();
      objects.addUsers(hwpt, count);
      objects.removeUsers(old, count - 1);
      return old;
    }
  }

  private void replaceCore(Hwpt hwpt, Attachment attachment, BoundDevice device, int pasid) {
    requirePasidFits(hwpt, pasid);
    if (group == null) {
      return;
    }
    objects.faults().alloc(); // The handle.
    AttachHandle oldHandle = group.handle(pasid);
    DeviceAttachHandle handle = attachment.handle(device, messages, hwpt);
    if (pasid == IommuGroup.NO_PASID) {
      group.replaceHandle(hwpt.domain(), handle);
    } else {
      group.replacePasid(device.hardware(), pasid, hwpt.domain(), handle);
    }
    Hwpt old = attachment.hwpt;
    old.refusePending(oldHandle);
    if (!old.reportsFaults() && oldHandle instanceof DeviceAttachHandle over) {
      attachment.spare = over;
    }
  }

  private static void unreserve(Attachment attachment, Ioas ioas) {
    for (BoundDevice each : attachment.devices) {
      ioas.table.unreserve(each.hardware());
    }
  }

  /** {@code iommufd_hwpt_pasid_compat}: PASIDs need HWPTs made for them, on the device too. */
  private void requirePasidFits(Hwpt hwpt, int pasid) {
    boolean fits;
    if (pasid == IommuGroup.NO_PASID) {
      int others = attachments.size() - (attachments.containsKey(pasid) ? 1 : 0);
      fits = hwpt.pasidCompatible || others == 0;
    } else {
      Attachment plain = attachments.get(IommuGroup.NO_PASID);
      fits = hwpt.pasidCompatible && (plain == null || plain.hwpt.pasidCompatible);
    }
    if (!fits) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  /** {@code iommufd_hw_pagetable_put}: drops the user that an attachment was. */
  void putHwpt(Hwpt hwpt) {
    if (hwpt instanceof PagingHwpt paging && paging.automatic) {
      objects.dropOrDestroy(hwpt);
    } else {
      objects.removeUsers(hwpt, 1);
    }
  }
}
