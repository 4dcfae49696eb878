// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_ATTACH_PASID;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_BIND_FLAG_TOKEN;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_DETACH_PASID;

import io.iommufd4j.bindings.vfio.vfio_device_attach_iommufd_pt;
import io.iommufd4j.bindings.vfio.vfio_device_bind_iommufd;
import io.iommufd4j.bindings.vfio.vfio_device_detach_iommufd_pt;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommufd.IommufdFile;
import io.iommufd4j.sim.lib.Behavior;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserBlock;
import io.iommufd4j.sim.vfio.pci.UserSpace;
import io.iommufd4j.sim.vfio.pci.VfToken;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The bind of one open of a device to an iommufd, and its attachments there ({@code device_cdev.c},
 * {@code iommufd.c}). All of it happens under the device set's lock.
 */
final class Attachments {

  private final VfioDevice device;
  private final UserSpace user;

  /** A request to attach: read into the same place each time. */
  private final MemorySegment request = UserBlock.room(vfio_device_attach_iommufd_pt.sizeof());

  private final TreeSet<Integer> pasids = new TreeSet<>();
  private boolean attached;
  private @Nullable OpenFile iommufd;

  Attachments(VfioDevice device, UserSpace user) {
    this.device = device;
    this.user = user;
  }

  /** {@code vfio_df_ioctl_bind_iommufd}. */
  void bind(VfioDeviceFile file, long argument) {
    var block = user.block(argument);
    MemorySegment size = UserBlock.room(Integer.BYTES);
    block.copyIn(size, 0, Integer.BYTES);
    long callerBytes = Integer.toUnsignedLong(size.get(ValueLayout.JAVA_INT, 0));
    if (callerBytes < Request.VFIO_DEVICE_BIND_IOMMUFD.minimumBytes()) {
      throw Refused.with(Errno.EINVAL);
    }
    MemorySegment bind = UserBlock.room(vfio_device_bind_iommufd.sizeof());
    boolean tokens = user.release().has(Behavior.BINDS_WITH_TOKENS);
    block.copyInAny(bind, tokens ? callerBytes : Request.VFIO_DEVICE_BIND_IOMMUFD.minimumBytes());
    int flags = vfio_device_bind_iommufd.flags(bind);
    int fd = vfio_device_bind_iommufd.iommufd(bind);
    if (fd < 0 || (flags & ~(tokens ? VFIO_DEVICE_BIND_FLAG_TOKEN() : 0)) != 0) {
      throw Refused.with(Errno.EINVAL);
    }
    if (file.fromGroup()) {
      throw Refused.with(Errno.EINVAL);
    }
    device.group().block();
    try {
      bind(file, bind, argument);
    } catch (Refused refused) {
      device.group().unblock();
      throw refused;
    }
  }

  private void bind(VfioDeviceFile file, MemorySegment bind, long argument) {
    try (var _ = device.lock().guard()) {
      if (file.bound()) {
        throw Refused.with(Errno.EINVAL);
      }
      device.checkToken(token(bind));
      IommufdFile held = hold(vfio_device_bind_iommufd.iommufd(bind));
      try {
        device.enable(held.context());
        answerDeviceId(argument);
      } catch (Refused refused) {
        user.files().drop(held);
        throw refused;
      }
      iommufd = held;
      device.openedByNode(true);
      file.granted();
    }
  }

  /** {@code vfio_df_check_token}. */
  private @Nullable UUID token(MemorySegment bind) {
    if ((vfio_device_bind_iommufd.flags(bind) & VFIO_DEVICE_BIND_FLAG_TOKEN()) == 0) {
      return null;
    }
    MemorySegment token = UserBlock.room(VfToken.BYTES);
    user.memory().copyIn(vfio_device_bind_iommufd.token_uuid_ptr(bind), token);
    return VfToken.read(token);
  }

  /** {@code iommufd_ctx_from_fd}. */
  private IommufdFile hold(int fd) {
    OpenFile held = user.files().hold(fd);
    if (held instanceof IommufdFile file) {
      return file;
    }
    user.files().drop(held);
    throw Refused.with(Errno.EBADFD);
  }

  private void answerDeviceId(long argument) {
    MemorySegment id = UserBlock.room(Integer.BYTES);
    id.set(ValueLayout.JAVA_INT, 0, device.iommufdDevice().id());
    try {
      user.memory().copyOut(argument + vfio_device_bind_iommufd.out_devid$offset(), id);
    } catch (Refused refused) {
      device.disable();
      throw refused;
    }
  }

  /** {@code vfio_df_unbind_iommufd}, after {@code close_device} as in Linux. */
  void unbind() {
    try (var _ = device.lock().guard()) {
      device.close();
      for (int pasid : pasids) {
        device.iommufdDevice().detach(pasid);
      }
      pasids.clear();
      detachDevice();
      device.unbind();
      device.openedByNode(false);
      OpenFile held = iommufd;
      if (held != null) {
        user.files().drop(held);
        iommufd = null;
      }
    }
    device.group().unblock();
  }

  /** {@code vfio_df_ioctl_attach_pt}: attach, or replace where the device is attached. */
  void attach(long argument) {
    try (var _ = device.lock().guard()) {
      int now = attachAsRead(argument);
      vfio_device_attach_iommufd_pt.pt_id(request, now);
      long offset = vfio_device_attach_iommufd_pt.pt_id$offset();
      try {
        user.memory().copyOut(argument + offset, request, offset, Integer.BYTES);
      } catch (Refused refused) {
        // The device itself, as in the kernel.
        detachDevice();
        throw refused;
      }
    }
  }

  private int attachAsRead(long argument) {
    long first = Request.VFIO_DEVICE_ATTACH_IOMMUFD_PT.minimumBytes();
    user.memory().copyIn(argument, request, 0, first);
    int argsz = vfio_device_attach_iommufd_pt.argsz(request);
    int flags = vfio_device_attach_iommufd_pt.flags(request);
    boolean tooShort = Integer.compareUnsigned(argsz, (int) first) < 0;
    if (tooShort || (flags & ~(takesPasids() ? VFIO_DEVICE_ATTACH_PASID() : 0)) != 0) {
      throw Refused.with(Errno.EINVAL);
    }
    if ((flags & VFIO_DEVICE_ATTACH_PASID()) == 0) {
      return attachDevice(vfio_device_attach_iommufd_pt.pt_id(request));
    }
    takePasid(user.block(argument), request, first, argsz);
    int pasid = vfio_device_attach_iommufd_pt.pasid(request);
    return attachPasid(pasid, vfio_device_attach_iommufd_pt.pt_id(request));
  }

  private boolean takesPasids() {
    return user.release().has(Behavior.ATTACHES_PASIDS);
  }

  private int attachDevice(int ptId) {
    int now =
        attached
            ? device.iommufdDevice().replace(IommuGroup.NO_PASID, ptId)
            : device.iommufdDevice().attach(IommuGroup.NO_PASID, ptId);
    attached = true;
    return now;
  }

  private int attachPasid(int pasid, int ptId) {
    if (pasids.contains(pasid)) {
      return device.iommufdDevice().replace(pasid, ptId);
    }
    if (pasid < 0) {
      // ida_alloc_range takes no number beyond INT_MAX.
      throw Refused.with(Errno.ENOSPC);
    }
    int now = device.iommufdDevice().attach(pasid, ptId);
    pasids.add(pasid);
    return now;
  }

  /** {@code vfio_df_ioctl_detach_pt}: nothing happens to what is not attached. */
  void detach(long argument) {
    var block = user.block(argument);
    MemorySegment detach = block.take(Request.VFIO_DEVICE_DETACH_IOMMUFD_PT);
    int flags = vfio_device_detach_iommufd_pt.flags(detach);
    if ((flags & ~(takesPasids() ? VFIO_DEVICE_DETACH_PASID() : 0)) != 0) {
      throw Refused.with(Errno.EINVAL);
    }
    boolean withPasid = (flags & VFIO_DEVICE_DETACH_PASID()) != 0;
    if (withPasid) {
      long first = Request.VFIO_DEVICE_DETACH_IOMMUFD_PT.minimumBytes();
      takePasid(block, detach, first, vfio_device_detach_iommufd_pt.argsz(detach));
    }
    try (var _ = device.lock().guard()) {
      if (!withPasid) {
        detachDevice();
      } else if (pasids.remove(vfio_device_detach_iommufd_pt.pasid(detach))) {
        device.iommufdDevice().detach(vfio_device_detach_iommufd_pt.pasid(detach));
      }
    }
  }

  private static void takePasid(
      UserBlock block, MemorySegment structure, long from, int callerBytes) {
    if (Integer.toUnsignedLong(callerBytes) < structure.byteSize()) {
      throw Refused.with(Errno.EINVAL);
    }
    block.copyIn(structure, from, structure.byteSize());
  }

  private void detachDevice() {
    if (attached) {
      device.iommufdDevice().detach(IommuGroup.NO_PASID);
      attached = false;
    }
  }
}
