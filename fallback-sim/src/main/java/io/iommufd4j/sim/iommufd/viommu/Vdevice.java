// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.viommu;

import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommufd.IommufdDevice;
import io.iommufd4j.sim.iommufd.IommufdObject;
import io.iommufd4j.sim.lib.Refused;
import org.jspecify.annotations.Nullable;

/**
 * A device as a guest has it ({@code struct iommufd_vdevice}). It goes with the device: who holds
 * its number then finds nothing, ever.
 */
public final class Vdevice extends IommufdObject {

  private final Viommu viommu;
  private final IommufdDevice device;
  private final long virtualId;
  private boolean entered;
  private @Nullable Runnable undo;

  /**
   * A vDEVICE that nobody knows of yet.
   *
   * @param viommu that it needs from now on
   * @param device that the caller holds; it is let go with the vDEVICE
   * @param virtualId what the guest calls it, unsigned
   */
  public Vdevice(Viommu viommu, IommufdDevice device, long virtualId) {
    this.viommu = viommu;
    this.device = device;
    this.virtualId = virtualId;
    viommu.context().objects().addUsers(viommu, 1);
    device.vdevice(this);
  }

  /**
   * Gives it its number in the guest; the group's lock is held.
   *
   * @throws Refused EEXIST when the number is taken, else as the driver answers
   */
  public void enter() {
    viommu.reserve(virtualId);
    entered = true;
    undo = viommu.ops().initVdevice(hardware(), virtualId);
    viommu.enter(virtualId, this);
  }

  IommuDevice hardware() {
    return device.hardware();
  }

  /** The guest's id for the device, unsigned. */
  long virtualId() {
    return virtualId;
  }

  /** {@code iommufd_vdevice_abort}: the group's lock is held, and the device stays held. */
  @Override
  protected void abort() {
    if (undo != null) {
      undo.run();
    }
    if (entered) {
      viommu.release(virtualId);
    }
    viommu.context().objects().removeUsers(viommu, 1);
    device.vdevice(null);
  }

  /** {@code iommufd_vdevice_destroy}. */
  @Override
  protected void destroy() {
    try (var _ = device.groupLock().guard()) {
      abort();
    }
    device.context().objects().put(device);
  }
}
