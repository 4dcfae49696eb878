// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommu.UserData;
import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.lib.Mutex;
import io.iommufd4j.sim.lib.Refused;
import org.jspecify.annotations.Nullable;

/**
 * A device that VFIO has bound to a context ({@code struct iommufd_device}). Made and unmade by
 * VFIO, never by {@code IOMMU_DESTROY}.
 */
public final class IommufdDevice extends IommufdObject implements BoundDevice {

  /** The way in which a device gets to a HWPT ({@code attach_fn}). */
  private enum Way {
    ATTACH,
    REPLACE
  }

  private final IommufdContext context;
  private final IommuDevice hardware;
  private final boolean enforcesCoherency;
  private final IommufdGroup group;

  /** The vDEVICE that a guest has for it; null for none; guarded by the group's lock. */
  private @Nullable IommufdObject vdevice;

  /** True once no guest may get it any more; guarded by the group's lock. */
  private boolean destroying;

  private IommufdDevice(IommufdContext context, IommuDevice hardware, IommufdGroup group) {
    this.context = context;
    this.hardware = hardware;
    this.group = group;
    this.enforcesCoherency =
        hardware.driver().capable(hardware, Capability.ENFORCE_CACHE_COHERENCY);
  }

  /**
   * {@code iommufd_device_bind}: claims the DMA of the device's group for a context, which lives on
   * until {@link #unbind} at least. Of a device that has no IOMMU there is nothing to claim.
   *
   * @throws Refused EINVAL when its DMA does not snoop caches, EPERM when its interrupts are not
   *     isolated or another owns the group, EBUSY when a driver uses the group, ENOMEM
   */
  public static IommufdDevice bind(IommufdContext context, IommuDevice hardware) {
    IommufdDevice device =
        hardware.translated() ? bindGrouped(context, hardware) : bindAlone(context, hardware);
    if (!hardware.madeForTests()) {
      context.get();
    }
    context.objects().addUsers(device, 1);
    context.objects().publish(device);
    return device;
  }

  /** {@code iommufd_bind_noiommu}. */
  private static IommufdDevice bindAlone(IommufdContext context, IommuDevice hardware) {
    IommufdGroup group = context.ownGroup();
    return context.objects().reserve(() -> new IommufdDevice(context, hardware, group));
  }

  /** {@code iommufd_bind_iommu}. */
  private static IommufdDevice bindGrouped(IommufdContext context, IommuDevice hardware) {
    if (!hardware.driver().capable(hardware, Capability.CACHE_COHERENCY)) {
      throw Refused.with(Errno.EINVAL);
    }
    IommufdGroup group = context.joinGroup(hardware.group());
    try {
      return claim(context, hardware, group);
    } catch (Refused refused) {
      context.leaveGroup(group);
      throw refused;
    }
  }

  private static IommufdDevice claim(
      IommufdContext context, IommuDevice hardware, IommufdGroup group) {
    IommuGroup core = hardware.group();
    if (!hardware.madeForTests()
        && !core.isolatesInterrupts()
        && !context.allowsUnsafeInterrupts()) {
      throw Refused.with(Errno.EPERM);
    }
    core.claim(context);
    try {
      return context.objects().reserve(() -> new IommufdDevice(context, hardware, group));
    } catch (Refused refused) {
      core.release();
      throw refused;
    }
  }

  /** The context it is bound to. */
  public IommufdContext context() {
    return context;
  }

  @Override
  public IommuDevice hardware() {
    return hardware;
  }

  private IommufdGroup group() {
    return group;
  }

  /** Guards what the device is to a guest. */
  public Mutex groupLock() {
    return group.lock;
  }

  /**
   * Requires that it can become a guest's; {@link #groupLock} is held.
   *
   * @throws Refused ENOENT when the device is about to go, EEXIST when it is a guest's already
   */
  public void requireNoVdevice() {
    if (destroying) {
      throw Refused.with(Errno.ENOENT);
    }
    if (vdevice != null) {
      throw Refused.with(Errno.EEXIST);
    }
  }

  /** It is a guest's from now on, or with null no guest's any more; {@link #groupLock} is held. */
  public void vdevice(@Nullable IommufdObject given) {
    vdevice = given;
  }

  /**
   * {@code iommufd_device_attach}.
   *
   * @param pasid which of the device's DMA, or {@link IommuGroup#NO_PASID}
   * @param ptId a HWPT, or an IOAS to be carried by an automatic one
   * @return the HWPT's id, to be written back
   * @throws Refused ENOENT for an unknown id, EINVAL for an object that cannot be attached to or a
   *     HWPT that does not fit, EBUSY when it is attached already, EADDRINUSE when a reserved IOVA
   *     is mapped; nothing has changed then
   */
  public int attach(int pasid, int ptId) {
    int hwptId = change(pasid, ptId, Way.ATTACH);
    context.objects().addUsers(this, 1);
    return hwptId;
  }

  /**
   * {@code iommufd_device_replace}: moves the whole group to another HWPT without detaching it.
   *
   * @return the HWPT's id, to be written back
   * @throws Refused as {@link #attach}; EINVAL when the device is not attached
   */
  public int replace(int pasid, int ptId) {
    return change(pasid, ptId, Way.REPLACE);
  }

  /** {@code iommufd_device_detach}; nothing happens to a device that is not attached. */
  public void detach(int pasid) {
    if (group().detach(this, pasid)) {
      context.objects().removeUsers(this, 1);
    }
  }

  /** {@code iommufd_device_unbind}: the last thing done with it; it is detached by now. */
  public void unbind() {
    context.objects().destroyOwn(this);
  }

  /** {@code iommufd_device_pre_destroy}: the guest loses it. */
  @Override
  protected void preDestroy() {
    IommufdObject lost;
    try (var _ = group().lock.guard()) {
      destroying = true;
      lost = vdevice;
      // One that is being destroyed lets go of the device by itself.
      if (lost == null || !context.objects().tryAddUser(lost)) {
        return;
      }
    }
    context.objects().bury(lost);
  }

  @Override
  protected void destroy() {
    IommuGroup core = group.core();
    if (core != null) {
      core.release();
    }
    context.leaveGroup(group);
    if (!hardware.madeForTests()) {
      context.put();
    }
  }

  /** {@code iommufd_device_change_pt}. */
  private int change(int pasid, int ptId, Way way) {
    ObjectTable objects = context.objects();
    IommufdObject target = objects.get(ptId, IommufdObject.class);
    Change change;
    try {
      change =
          switch (target) {
            case Hwpt hwpt -> new Change(hwpt.id, move(hwpt, pasid, way));
            case Ioas ioas -> changeAutomatic(ioas, pasid, way);
            default -> throw Refused.with(Errno.EINVAL);
          };
    } finally {
      objects.put(target);
    }
    // Only here is no lock held that destroying an automatic HWPT takes.
    if (change.left() != null) {
      group().putHwpt(change.left());
    }
    return change.hwptId();
  }

  /**
   * The result of an attach or replace.
   *
   * @param left the HWPT that lost the group, if any
   */
  private record Change(int hwptId, @Nullable Hwpt left) {}

  private @Nullable Hwpt move(Hwpt hwpt, int pasid, Way way) {
    return switch (way) {
      case ATTACH -> {
        group().attach(hwpt, this, pasid);
        yield null;
      }
      case REPLACE -> group().replace(hwpt, this, pasid);
    };
  }

  /**
   * {@code iommufd_device_auto_get_domain}: the first automatic HWPT of the IOAS that fits, or a
   * new one. HWPTs that user space made are never chosen.
   */
  private Change changeAutomatic(Ioas ioas, int pasid, Way way) {
    ObjectTable objects = context.objects();
    try (var _ = ioas.lock.guard()) {
      for (PagingHwpt hwpt : ioas.hwpts) {
        if (!hwpt.automatic || !objects.hold(hwpt)) {
          continue;
        }
        try {
          return new Change(hwpt.id, move(hwpt, pasid, way));
        } catch (Refused refused) {
          // EINVAL: it does not fit this device, another may.
          if (refused.errno() != Errno.EINVAL) {
            throw refused;
          }
        } finally {
          objects.put(hwpt);
        }
      }
      PagingHwpt hwpt = PagingHwpt.alloc(objects, ioas, hardware, enforcesCoherency, 0, null);
      Hwpt left;
      try {
        left =
            switch (way) {
              case ATTACH -> attachAndFill(hwpt, pasid);
              case REPLACE -> {
                hwpt.fill();
                yield move(hwpt, pasid, way);
              }
            };
      } catch (Refused refused) {
        objects.abort(hwpt);
        throw refused;
      }
      hwpt.automatic = true;
      objects.publish(hwpt);
      return new Change(hwpt.id, left);
    }
  }

  /** Attaches to a new HWPT before it is filled, as the driver may need a device to fill it for. */
  private @Nullable Hwpt attachAndFill(PagingHwpt hwpt, int pasid) {
    group().attach(hwpt, this, pasid);
    try {
      hwpt.fill();
    } catch (Refused refused) {
      group().detach(this, pasid);
      throw refused;
    }
    return null;
  }

  /**
   * {@code iommufd_hwpt_paging_alloc} for user space: a HWPT that fits this device, filled from an
   * IOAS whose lock the caller holds until it has published or aborted the HWPT.
   *
   * @param data what only the driver understands; null for none
   * @throws Refused as {@link PagingHwpt#alloc} and {@link PagingHwpt#fill}; nothing is left behind
   */
  public PagingHwpt allocHwpt(Ioas ioas, int flags, @Nullable UserData data) {
    ObjectTable objects = context.objects();
    PagingHwpt hwpt = PagingHwpt.alloc(objects, ioas, hardware, enforcesCoherency, flags, data);
    try {
      hwpt.fill();
    } catch (Refused refused) {
      objects.abort(hwpt);
      throw refused;
    }
    return hwpt;
  }
}
