// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.OpenFiles;
import io.iommufd4j.sim.fs.Wakeups;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.KernelRelease;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.CallingProcess;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The context of one open of {@code /dev/iommu} ({@code struct iommufd_ctx}). It lives while the
 * file is open or a device is bound; then every object is destroyed.
 */
public final class IommufdContext extends ObjectContext {

  private final boolean unsafeInterrupts;
  private final MessagePages messagePages;
  private final Map<IommuGroup, IommufdGroup> groups = new HashMap<>();
  private volatile boolean withoutIommu;

  /**
   * A context with one reference, the file's.
   *
   * @param calling which process makes a request
   * @param files the descriptors of them all
   * @param wakeups where calls wait until one of them is ready
   * @param allowUnsafeInterrupts the module parameter: bind devices whose interrupts are not
   *     isolated
   * @param faults which of its allocations fail
   * @param release which release it answers as
   */
  public IommufdContext(
      CallingProcess calling,
      OpenFiles files,
      Wakeups wakeups,
      boolean allowUnsafeInterrupts,
      FaultPlan faults,
      KernelRelease release) {
    super(calling, files, wakeups, faults, release);
    this.unsafeInterrupts = allowUnsafeInterrupts;
    this.messagePages = new MessagePages(faults);
  }

  /**
   * {@code iommufd_vfio_compat_ioas_create}: makes an IOAS for VFIO-compatible requests when there
   * is none.
   *
   * @throws Refused EINVAL when the context is for devices without IOMMU
   */
  public void needCompatibleIoas() {
    Ioas ioas = objects().reserve(() -> new Ioas(faults()));
    if (withoutIommu || !objects().compatibleUnlessThere(ioas)) {
      objects().abort(ioas);
      if (withoutIommu) {
        throw Refused.with(Errno.EINVAL);
      }
      return;
    }
    objects().publish(ioas);
  }

  /**
   * Finds and holds the IOAS that VFIO-compatible requests work on ({@code get_compat_ioas}).
   *
   * @throws Refused ENODEV when there is none
   */
  public Ioas getCompatibleIoas() {
    return (Ioas) objects().getCompatible();
  }

  /** Makes an IOAS the one that VFIO-compatible requests work on; null for none. */
  public void compatibleIoas(@Nullable Ioas ioas) {
    objects().compatible(ioas);
  }

  /**
   * {@code iommufd_vfio_compat_ioas_get_id}.
   *
   * @throws Refused ENODEV when there is none
   */
  public int compatibleIoasId() {
    Ioas ioas = getCompatibleIoas();
    objects().put(ioas);
    return ioas.id;
  }

  /** {@code vfio_iommufd_device_has_compat_ioas}: whether there is such an IOAS. */
  public boolean hasCompatibleIoas() {
    return objects().hasCompatible();
  }

  /**
   * {@code iommufd_vfio_compat_set_no_iommu}: from now on VFIO-compatible requests choose no IOMMU.
   *
   * @throws Refused EINVAL when there is an IOAS for them
   */
  public void withoutIommu() {
    if (objects().hasCompatible()) {
      throw Refused.with(Errno.EINVAL);
    }
    withoutIommu = true;
  }

  /** True if VFIO-compatible requests choose no IOMMU ({@code no_iommu_mode}). */
  public boolean isWithoutIommu() {
    return withoutIommu;
  }

  boolean allowsUnsafeInterrupts() {
    return unsafeInterrupts;
  }

  /**
   * {@code iommufd_get_group}: what this context keeps of a group, while a device is bound.
   *
   * @throws Refused ENOMEM
   */
  IommufdGroup joinGroup(IommuGroup core) {
    synchronized (groups) {
      IommufdGroup group = groups.get(core);
      if (group == null) {
        faults().alloc();
        group = new IommufdGroup(objects(), messagePages, core);
        groups.put(core, group);
      }
      group.devices++;
      return group;
    }
  }

  /**
   * {@code iommufd_bind_noiommu}: a group for one device that has no IOMMU.
   *
   * @throws Refused ENOMEM
   */
  IommufdGroup ownGroup() {
    faults().alloc();
    return new IommufdGroup(objects(), messagePages, null);
  }

  /** {@code iommufd_put_group}. */
  void leaveGroup(IommufdGroup group) {
    IommuGroup core = group.core();
    if (core == null) {
      return;
    }
    synchronized (groups) {
      if (--group.devices == 0) {
        groups.remove(core);
      }
    }
  }
}
