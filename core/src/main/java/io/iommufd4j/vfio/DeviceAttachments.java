// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import io.iommufd4j.bindings.vfio.vfio_device_attach_iommufd_pt;
import io.iommufd4j.bindings.vfio.vfio_device_detach_iommufd_pt;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.error.OrderedClose;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.PageTableId;
import io.iommufd4j.wire.KernelFile;
import io.iommufd4j.wire.RequestBlocks;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The page tables that translate a device's DMA and that of its PASIDs, as the kernel last
 * reported, and the requests that change it. Guarded by the device.
 */
final class DeviceAttachments {

  /** The PASID of DMA that carries none. */
  static final int NO_PASID = 0;

  /** The request wanted; the kernel itself takes either for the other. */
  enum Verb {
    /** Out of no page table into one. */
    ATTACH,
    /** From one page table to another. */
    REPLACE
  }

  private final KernelFile file;
  private final Map<Integer, PageTableId> pasids = new HashMap<>();
  private @Nullable PageTableId attached;

  DeviceAttachments(KernelFile file) {
    this.file = file;
  }

  /** The page table behind a PASID; null when it is not attached. */
  @Nullable PageTableId of(int pasid) {
    return pasid == NO_PASID ? attached : pasids.get(pasid);
  }

  /** True if any PASID is attached. */
  boolean anyPasid() {
    return !pasids.isEmpty();
  }

  /** Takes note of an attachment. */
  void note(int pasid, PageTableId pageTable) {
    if (pasid == NO_PASID) {
      attached = pageTable;
    } else {
      pasids.put(pasid, pageTable);
    }
  }

  /**
   * {@code VFIO_DEVICE_ATTACH_IOMMUFD_PT}.
   *
   * @return ≥ 0 once it is noted, or −errno
   * @throws IllegalStateException when the verb does not fit what is attached
   */
  int change(Verb verb, int pasid, PageTableId target) {
    boolean isAttached = of(pasid) != null;
    if (isAttached != (verb == Verb.REPLACE)) {
      throw new IllegalStateException(
          VfioDeviceRef.describe(file)
              + (isAttached ? " is attached already: replace it" : " is not attached: attach it"));
    }
    MemorySegment block = RequestBlocks.ofThread().attach;
    vfio_device_attach_iommufd_pt.argsz(block, (int) block.byteSize());
    int flags = pasid == NO_PASID ? 0 : vfio_h.VFIO_DEVICE_ATTACH_PASID();
    vfio_device_attach_iommufd_pt.flags(block, flags);
    vfio_device_attach_iommufd_pt.pt_id(block, target.value());
    vfio_device_attach_iommufd_pt.pasid(block, pasid);
    int result = file.tryIoctl(Request.VFIO_DEVICE_ATTACH_IOMMUFD_PT, block);
    if (result >= 0) {
      note(pasid, told(target, vfio_device_attach_iommufd_pt.pt_id(block)));
    }
    return result;
  }

  /**
   * The object that the kernel wrote back: the target itself where it is that, so that none is
   * made, and else the automatic HWPT of the IOAS that was asked for.
   */
  private static PageTableId told(PageTableId target, int written) {
    return target.value() == written ? target : new HwptId(written);
  }

  /**
   * {@code VFIO_DEVICE_DETACH_IOMMUFD_PT}.
   *
   * @throws IllegalStateException when the PASID is not attached
   */
  void detach(int pasid, @Nullable DeviceId id) {
    if (of(pasid) == null) {
      String what = pasid == NO_PASID ? "" : "PASID " + pasid + " of ";
      throw new IllegalStateException(what + VfioDeviceRef.describe(file) + " is not attached");
    }
    MemorySegment block = RequestBlocks.ofThread().detach;
    vfio_device_detach_iommufd_pt.argsz(block, (int) block.byteSize());
    int flags = pasid == NO_PASID ? 0 : vfio_h.VFIO_DEVICE_DETACH_PASID();
    vfio_device_detach_iommufd_pt.flags(block, flags);
    vfio_device_detach_iommufd_pt.pasid(block, pasid);
    file.ioctl(Request.VFIO_DEVICE_DETACH_IOMMUFD_PT, block, id);
    if (pasid == NO_PASID) {
      attached = null;
    } else {
      pasids.remove(pasid);
    }
  }

  /** Detaches what is attached: each PASID, then the device. */
  void detachAll(@Nullable DeviceId id) {
    var steps = new OrderedClose();
    List.copyOf(pasids.keySet()).forEach(pasid -> steps.step(() -> detach(pasid, id)));
    if (attached != null) {
      steps.step(() -> detach(NO_PASID, id));
    }
    steps.report();
  }

  /** Forgets all of it, which ended with the descriptor. */
  void clear() {
    attached = null;
    pasids.clear();
  }
}
