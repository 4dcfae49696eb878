// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.driver;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;

/**
 * The requests for the objects that only some IOMMUs have: nested HWPTs, queues, virtual IOMMUs and
 * their devices. Every method answers as the kernel does: an id or value ≥ 0, or −errno.
 */
public final class ObjectRequests {

  /** No data of the driver's. */
  public static final MemorySegment NO_DATA = MemorySegment.NULL;

  private final OpenIommufd iommufd;

  public ObjectRequests(OpenIommufd iommufd) {
    this.iommufd = iommufd;
  }

  /**
   * A queue and its descriptor; or why there is none.
   *
   * @param answer 0, or −errno, when the others are 0
   */
  public record Queue(int answer, int id, int fd) {}

  /**
   * The result of {@code IOMMU_HWPT_INVALIDATE}.
   *
   * @param answer 0, or −errno
   * @param done how many entries were carried out
   */
  public record Invalidation(int answer, int done) {}

  /**
   * The result of {@code IOMMU_GET_HW_INFO}.
   *
   * @param answer 0, or −errno
   * @param type {@code out_data_type}
   * @param length {@code data_len}: how many bytes the driver has
   * @param capabilities {@code out_capabilities}
   * @param pasidBits {@code out_max_pasid_log2}
   */
  public record HardwareInfo(int answer, int type, int length, long capabilities, int pasidBits) {}

  /** {@code IOMMU_HWPT_ALLOC} with data of a type of the driver's, as long as it is. */
  public int hwpt(int device, int pt, int flags, int type, MemorySegment data) {
    return hwpt(device, pt, flags, 0, type, data, data.byteSize());
  }

  /** {@code IOMMU_HWPT_ALLOC} with all that it takes. */
  public int hwpt(
      int device, int pt, int flags, int faultQueue, int type, MemorySegment data, long bytes) {
    RequestBlock block =
        iommufd
            .block(Request.IOMMU_HWPT_ALLOC)
            .set("flags", flags)
            .set("dev_id", device)
            .set("pt_id", pt)
            .set("data_type", type)
            .set("data_len", bytes)
            .set("data_uptr", data.address())
            .set("fault_id", faultQueue);
    int answer = iommufd.ioctl(block);
    return answer < 0 ? answer : (int) block.get("out_hwpt_id");
  }

  /**
   * {@code IOMMU_HWPT_INVALIDATE}.
   *
   * @param object a nested HWPT or a vIOMMU
   * @param entryBytes length of an entry
   */
  public Invalidation invalidate(
      int object, int type, MemorySegment entries, long entryBytes, int count) {
    RequestBlock block =
        iommufd
            .block(Request.IOMMU_HWPT_INVALIDATE)
            .set("hwpt_id", object)
            .set("data_uptr", entries.address())
            .set("data_type", type)
            .set("entry_len", entryBytes)
            .set("entry_num", count);
    int answer = iommufd.ioctl(block);
    return new Invalidation(answer, (int) block.get("entry_num"));
  }

  /** {@code IOMMU_HWPT_SET_DIRTY_TRACKING}. */
  public int dirtyTracking(int hwpt, boolean enabled) {
    return iommufd.ioctl(
        iommufd
            .block(Request.IOMMU_HWPT_SET_DIRTY_TRACKING)
            .set("flags", enabled ? iommufd_h.IOMMU_HWPT_DIRTY_TRACKING_ENABLE() : 0)
            .set("hwpt_id", hwpt));
  }

  /** {@code IOMMU_HWPT_GET_DIRTY_BITMAP}. */
  public int dirtyBitmap(
      int hwpt, long iova, long bytes, long pageSize, MemorySegment bitmap, int flags) {
    return iommufd.ioctl(
        iommufd
            .block(Request.IOMMU_HWPT_GET_DIRTY_BITMAP)
            .set("hwpt_id", hwpt)
            .set("flags", flags)
            .set("iova", iova)
            .set("length", bytes)
            .set("page_size", pageSize)
            .set("data", bitmap.address()));
  }

  /** {@code IOMMU_GET_HW_INFO} of the driver's own type, into memory as long as it is. */
  public HardwareInfo hardwareInfo(int device, MemorySegment into) {
    return hardwareInfo(device, 0, 0, into, into.byteSize());
  }

  /**
   * {@code IOMMU_GET_HW_INFO} of a type of the caller's.
   *
   * @param type {@code IOMMU_HW_INFO_TYPE_*}
   */
  public HardwareInfo hardwareInfo(int device, int type, MemorySegment into) {
    int flags = iommufd_h.IOMMU_HW_INFO_FLAG_INPUT_TYPE();
    return hardwareInfo(device, flags, type, into, into.byteSize());
  }

  private HardwareInfo hardwareInfo(
      int device, int flags, int type, MemorySegment into, long bytes) {
    RequestBlock block =
        iommufd
            .block(Request.IOMMU_GET_HW_INFO)
            .set("flags", flags)
            .set("dev_id", device)
            .set("in_data_type", type)
            .set("data_len", bytes)
            .set("data_uptr", into.address());
    int answer = iommufd.ioctl(block);
    return new HardwareInfo(
        answer,
        (int) block.get("out_data_type"),
        (int) block.get("data_len"),
        block.get("out_capabilities"),
        (int) block.get("out_max_pasid_log2"));
  }

  /** {@code IOMMU_FAULT_QUEUE_ALLOC}. */
  public Queue faultQueue() {
    RequestBlock block = iommufd.block(Request.IOMMU_FAULT_QUEUE_ALLOC);
    int answer = iommufd.ioctl(block);
    return new Queue(answer, (int) block.get("out_fault_id"), (int) block.get("out_fault_fd"));
  }

  /** {@code IOMMU_VIOMMU_ALLOC} with data of the driver's, as long as it is. */
  public int viommu(int device, int hwpt, int flags, int type, MemorySegment data) {
    RequestBlock block =
        iommufd
            .block(Request.IOMMU_VIOMMU_ALLOC)
            .set("flags", flags)
            .set("type", type)
            .set("dev_id", device)
            .set("hwpt_id", hwpt)
            .set("data_len", data.byteSize())
            .set("data_uptr", data.address());
    int answer = iommufd.ioctl(block);
    return answer < 0 ? answer : (int) block.get("out_viommu_id");
  }

  /** {@code IOMMU_VDEVICE_ALLOC}. */
  public int vdevice(int viommu, int device, long virtualId) {
    RequestBlock block =
        iommufd
            .block(Request.IOMMU_VDEVICE_ALLOC)
            .set("viommu_id", viommu)
            .set("dev_id", device)
            .set("virt_id", virtualId);
    int answer = iommufd.ioctl(block);
    return answer < 0 ? answer : (int) block.get("out_vdevice_id");
  }

  /** {@code IOMMU_HW_QUEUE_ALLOC}. */
  public int hardwareQueue(int viommu, int type, int index, long iova, long bytes) {
    RequestBlock block =
        iommufd
            .block(Request.IOMMU_HW_QUEUE_ALLOC)
            .set("viommu_id", viommu)
            .set("type", type)
            .set("index", index)
            .set("nesting_parent_iova", iova)
            .set("length", bytes);
    int answer = iommufd.ioctl(block);
    return answer < 0 ? answer : (int) block.get("out_hw_queue_id");
  }

  /** {@code IOMMU_VEVENTQ_ALLOC}. */
  public Queue eventQueue(int viommu, int type, int depth) {
    RequestBlock block =
        iommufd
            .block(Request.IOMMU_VEVENTQ_ALLOC)
            .set("viommu_id", viommu)
            .set("type", type)
            .set("veventq_depth", depth);
    int answer = iommufd.ioctl(block);
    return new Queue(answer, (int) block.get("out_veventq_id"), (int) block.get("out_veventq_fd"));
  }
}
