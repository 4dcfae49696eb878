// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.bindings.iommufd.iommu_hw_queue_alloc;
import io.iommufd4j.bindings.iommufd.iommu_vdevice_alloc;
import io.iommufd4j.bindings.iommufd.iommu_veventq_alloc;
import io.iommufd4j.data.EventType;
import io.iommufd4j.data.HwQueueType;
import io.iommufd4j.data.InvalidateOutcome;
import io.iommufd4j.data.InvalidationBlock;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.EventQueueId;
import io.iommufd4j.uapi.HwQueueId;
import io.iommufd4j.uapi.VdeviceId;
import io.iommufd4j.uapi.ViommuId;
import io.iommufd4j.wire.Invalidator;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A vIOMMU that somebody else owns: the part of an IOMMU that a guest has for itself, on top of a
 * nesting parent. {@link IommufdRef#newHwpt(DeviceId, io.iommufd4j.uapi.HwptParentId,
 * io.iommufd4j.data.HwptSpec)} makes nested HWPTs from it.
 */
public sealed class ViommuRef permits Viommu {

  private final OwnedObjects home;
  private final ViommuId id;

  ViommuRef(OwnedObjects home, ViommuId id) {
    this.home = home;
    this.id = id;
  }

  /** {@return its id} */
  public final ViommuId id() {
    return id;
  }

  /**
   * Gives a device to the guest ({@code IOMMU_VDEVICE_ALLOC}): from then on events about it, and
   * commands of the guest that name it, are understood.
   *
   * @param device bound to the same iommufd, behind the same IOMMU
   * @param virtualId by which the guest knows it, unsigned: a stream id of an SMMUv3, a request id
   *     of VT-d, a device id of AMD-Vi
   * @return the device in the guest, the caller's to close before the device itself
   * @throws KernelException {@code EEXIST} when the device is in a guest already, or the guest has
   *     another of that id; {@code EINVAL} when another IOMMU is before the device; {@code ENOENT}
   *     without the device or the vIOMMU
   */
  public final Vdevice newVdevice(DeviceId device, long virtualId) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = iommu_vdevice_alloc.allocate(arena);
      iommu_vdevice_alloc.size(block, (int) block.byteSize());
      iommu_vdevice_alloc.viommu_id(block, id.value());
      iommu_vdevice_alloc.dev_id(block, device.value());
      iommu_vdevice_alloc.virt_id(block, virtualId);
      file().ioctl(Request.IOMMU_VDEVICE_ALLOC, block, id);
      return new Vdevice(home, new VdeviceId(iommu_vdevice_alloc.out_vdevice_id(block)));
    }
  }

  /**
   * Makes a queue for the events that the guest is to get ({@code IOMMU_VEVENTQ_ALLOC}). A vIOMMU
   * has one of each kind.
   *
   * @param type of its events
   * @param depth events that it holds, from 1 to 2¹⁹; those that find it full are lost
   * @return the queue, the caller's to close
   * @throws KernelException {@code EEXIST} when there is one of this kind; {@code EINVAL} for a
   *     depth out of range; {@code EOPNOTSUPP} for a kind of 0; {@code ENOENT} without this vIOMMU
   */
  public final EventQueue newEventQueue(EventType type, int depth) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = iommu_veventq_alloc.allocate(arena);
      iommu_veventq_alloc.size(block, (int) block.byteSize());
      iommu_veventq_alloc.viommu_id(block, id.value());
      iommu_veventq_alloc.type(block, type.value());
      iommu_veventq_alloc.veventq_depth(block, depth);
      file().ioctl(Request.IOMMU_VEVENTQ_ALLOC, block, id);
      var queue = new EventQueueId(iommu_veventq_alloc.out_veventq_id(block));
      int fd = iommu_veventq_alloc.out_veventq_fd(block);
      return new EventQueue(home, queue, new KernelFile(home.file().kernel(), fd), type);
    }
  }

  /**
   * Gives a queue of the guest's to the hardware, which reads it by itself from then on ({@code
   * IOMMU_HW_QUEUE_ALLOC}).
   *
   * @param type the kind of queue
   * @param index its number among those of its kind
   * @param iova where it lies in the nesting parent: the guest physical address
   * @param bytes its length
   * @return the queue, the caller's to close
   * @throws KernelException {@code EOPNOTSUPP} when the IOMMU has no such queues; {@code EEXIST} or
   *     another errno of its driver for an index that is taken or out of order; {@code ENOENT} when
   *     the memory is not mapped, or without this vIOMMU; {@code EFAULT} when it is not physically
   *     contiguous; {@code EPERM} when it is not mapped for reading; {@code EINVAL}, {@code
   *     EOVERFLOW} and {@code ERANGE} for a length of 0 or one that wraps; {@code ENOMEM}
   */
  public final HwQueue newHwQueue(HwQueueType type, int index, long iova, long bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = iommu_hw_queue_alloc.allocate(arena);
      iommu_hw_queue_alloc.size(block, (int) block.byteSize());
      iommu_hw_queue_alloc.viommu_id(block, id.value());
      iommu_hw_queue_alloc.type(block, type.value());
      iommu_hw_queue_alloc.index(block, index);
      iommu_hw_queue_alloc.nesting_parent_iova(block, iova);
      iommu_hw_queue_alloc.length(block, bytes);
      file().ioctl(Request.IOMMU_HW_QUEUE_ALLOC, block, id);
      return new HwQueue(home, new HwQueueId(iommu_hw_queue_alloc.out_hw_queue_id(block)));
    }
  }

  /**
   * Carries out invalidations of the guest ({@code IOMMU_HWPT_INVALIDATE}). Allocates nothing on
   * the Java heap.
   *
   * @param entries commands in the format of the vIOMMU's kind
   * @throws KernelException {@code EIO} for a command that an SMMUv3 does not take, or a stream id
   *     that the guest does not have; {@code EINVAL} for entries of another format; {@code
   *     EOPNOTSUPP} when the IOMMU's driver takes none. The hint has the number that were handled
   */
  public final void invalidate(InvalidationBlock entries) {
    Invalidator.invalidate(file(), id, entries);
  }

  /**
   * As {@link #invalidate}, with how many were handled, and a refusal as a value.
   *
   * @param entries commands in the format of the vIOMMU's kind
   * @return done, or refused
   */
  public final InvalidateOutcome tryInvalidate(InvalidationBlock entries) {
    return Invalidator.tryInvalidate(file(), id, entries);
  }

  /** The iommufd's file, as long as this handle may be used. */
  KernelFile file() {
    return home.file();
  }

  @Override
  public final String toString() {
    return id.toString();
  }
}
