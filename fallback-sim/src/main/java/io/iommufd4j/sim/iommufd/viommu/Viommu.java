// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.viommu;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.UserData;
import io.iommufd4j.sim.iommu.ViommuCore;
import io.iommufd4j.sim.iommu.ViommuOps;
import io.iommufd4j.sim.iommufd.IommufdDevice;
import io.iommufd4j.sim.iommufd.IommufdObject;
import io.iommufd4j.sim.iommufd.NestedHwpt;
import io.iommufd4j.sim.iommufd.ObjectContext;
import io.iommufd4j.sim.iommufd.PagingHwpt;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.lib.RwSemaphore;
import io.iommufd4j.sim.mm.BackingFile;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** A piece of an IOMMU that a guest has for its own ({@code struct iommufd_viommu}). */
public final class Viommu extends IommufdObject implements ViommuCore {

  /** Guards the event queues; held for writing while one comes or goes. */
  public final RwSemaphore eventQueuesLock = new RwSemaphore();

  private final ObjectContext context;
  private final PagingHwpt hwpt;
  private final Object iommu;
  private final List<VirtualEventQueue> eventQueues = new ArrayList<>();

  /** By what the guest calls them; null while the driver has not agreed. Guarded by itself. */
  private final Map<Long, @Nullable Vdevice> vdevices = new HashMap<>();

  private @Nullable ViommuOps ops;

  /**
   * A vIOMMU that its driver does not know of yet.
   *
   * @param hwpt the guest's memory, which it needs from now on
   * @param iommu the IOMMU that it is a piece of
   */
  public Viommu(ObjectContext context, PagingHwpt hwpt, Object iommu) {
    this.context = context;
    this.hwpt = hwpt;
    this.iommu = iommu;
    context.objects().addUsers(hwpt, 1);
  }

  /**
   * Makes the driver's part.
   *
   * @throws Refused as {@link io.iommufd4j.sim.iommu.IommuDriver#initViommu}
   */
  public void init(IommuDevice device, int type, @Nullable UserData data) {
    ops = device.driver().initViommu(this, device, type, hwpt.domain(), data);
  }

  ObjectContext context() {
    return context;
  }

  /** The guest's memory. */
  PagingHwpt hwpt() {
    return hwpt;
  }

  /** The driver's part. */
  public ViommuOps ops() {
    ViommuOps now = ops;
    if (now == null) {
      throw new IllegalStateException("nobody finds a vIOMMU before its driver knows of it");
    }
    return now;
  }

  /**
   * Requires that a device can be the guest's.
   *
   * @throws Refused EINVAL when it sits behind another IOMMU
   */
  public void requireSameIommu(IommufdDevice device) {
    IommuDevice hardware = device.hardware();
    if (hardware.driver().instance(hardware) != iommu) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  /**
   * A guest's page table on top of the guest's memory.
   *
   * @throws Refused EINVAL for a device behind another IOMMU, else as {@link NestedHwpt#alloc}
   */
  public NestedHwpt allocNested(IommufdDevice device, int flags, UserData data) {
    requireSameIommu(device);
    return NestedHwpt.alloc(hwpt, this, ops(), flags, data);
  }

  /**
   * Takes a number of the guest's, under which nobody finds a device yet.
   *
   * @throws Refused EEXIST when it is taken, ENOMEM
   */
  void reserve(long virtualId) {
    context.faults().alloc();
    synchronized (vdevices) {
      if (vdevices.containsKey(virtualId)) {
        throw Refused.with(Errno.EEXIST);
      }
      vdevices.put(virtualId, null);
    }
  }

  /** From now on a number of the guest's is a device. */
  void enter(long virtualId, Vdevice vdevice) {
    synchronized (vdevices) {
      vdevices.put(virtualId, vdevice);
    }
  }

  /** Undoes {@link #reserve} or {@link #enter}. */
  void release(long virtualId) {
    synchronized (vdevices) {
      vdevices.remove(virtualId);
    }
  }

  @Override
  public @Nullable IommuDevice findDevice(long virtualId) {
    synchronized (vdevices) {
      Vdevice vdevice = vdevices.get(virtualId);
      return vdevice == null ? null : vdevice.hardware();
    }
  }

  @Override
  public OptionalLong virtualId(IommuDevice device) {
    synchronized (vdevices) {
      for (Vdevice vdevice : vdevices.values()) {
        if (vdevice != null && vdevice.hardware() == device) {
          return OptionalLong.of(vdevice.virtualId());
        }
      }
    }
    return OptionalLong.empty();
  }

  /**
   * {@code iommufd_viommu_find_veventq}; {@link #eventQueuesLock} is held.
   *
   * @param type {@code enum iommu_veventq_type}
   */
  public @Nullable VirtualEventQueue eventQueue(int type) {
    for (VirtualEventQueue queue : eventQueues) {
      if (queue.type() == type) {
        return queue;
      }
    }
    return null;
  }

  /** One more queue; {@link #eventQueuesLock} is held for writing. */
  void add(VirtualEventQueue queue) {
    eventQueues.add(queue);
  }

  /** One queue less; {@link #eventQueuesLock} is held for writing. */
  void remove(VirtualEventQueue queue) {
    eventQueues.remove(queue);
  }

  @Override
  public void reportEvent(int type, MemorySegment event) {
    try (var _ = eventQueuesLock.reading()) {
      VirtualEventQueue queue = eventQueue(type);
      if (queue == null) {
        throw Refused.with(Errno.EOPNOTSUPP);
      }
      queue.report(event);
    }
  }

  @Override
  public long allocMmap(BackingFile area, long bytes) {
    return context.mmapAreas().add(this, area, bytes);
  }

  @Override
  public void freeMmap(long offset) {
    context.mmapAreas().remove(offset);
  }

  /** {@code iommufd_viommu_destroy}. */
  @Override
  protected void destroy() {
    if (ops != null) {
      ops.destroy();
    }
    context.objects().removeUsers(hwpt, 1);
  }
}
