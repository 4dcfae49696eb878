// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.process;

import io.iommufd4j.IommufdRef;
import io.iommufd4j.bindings.iommufd.iommu_hw_queue_alloc;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_get_dirty_bitmap;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_invalidate;
import io.iommufd4j.bindings.iommufd.iommu_ioas_iova_ranges;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.data.HwInfo;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.LinuxRelease;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.IoasId;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Finds the objects of an iommufd, its own or another process', by requests that change nothing.
 *
 * <p>Each id is asked for from 1 on: Linux gives out the lowest free one. The search ends after
 * {@value #GAP} ids in a row without an object. Every request looks its object up and lets it go
 * again; an {@code IOMMU_DESTROY} of that very object at that very moment answers {@code EBUSY}.
 */
public final class IommufdProbe {

  /** Ids without an object in a row, after which no more are expected. */
  private static final int GAP = 256;

  /** A type that no IOMMU driver has. */
  private static final int NO_TYPE = -1;

  private static final long PAGE = 4096;

  private final Kernel kernel;
  private final IommufdRef iommufd;
  private final boolean hidesKinds;
  private final List<IommufdContent.Ioas> ioases = new ArrayList<>();
  private final List<IommufdContent.Device> devices = new ArrayList<>();
  private final List<IommufdContent.Hwpt> hwpts = new ArrayList<>();
  private final List<Integer> nested = new ArrayList<>();
  private final List<Integer> viommus = new ArrayList<>();
  private final List<Integer> others = new ArrayList<>();

  private IommufdProbe(IommufdRef iommufd) {
    this.kernel = iommufd.kernel();
    this.iommufd = iommufd;
    this.hidesKinds = hidesKinds(kernel);
  }

  /**
   * Looks at an iommufd.
   *
   * @param iommufd open here, by whatever descriptor
   * @return its objects at this moment
   * @throws KernelException {@code ENOTTY} for a descriptor that is no iommufd
   */
  public static IommufdContent look(IommufdRef iommufd) {
    return new IommufdProbe(iommufd).run();
  }

  /**
   * {@return true if a HWPT that translates by an IOAS has the id ({@code
   * IOMMU_HWPT_GET_DIRTY_BITMAP} of no bytes)}
   *
   * @param iommufd open here, by whatever descriptor
   * @param hwpt its id
   */
  public static boolean exists(IommufdRef iommufd, HwptId hwpt) {
    try (Arena arena = Arena.ofConfined()) {
      return new IommufdProbe(iommufd).dirtyBits(arena, hwpt.value(), 0) == Errno.EINVAL.negated();
    }
  }

  private IommufdContent run() {
    boolean perProcess = iommufd.rlimitPerProcess();
    int missing = 0;
    for (int id = 1; missing < GAP; id++) {
      missing = find(id) ? 0 : missing + 1;
    }
    return new IommufdContent(perProcess, ioases, devices, hwpts, nested, viommus, others);
  }

  /** True if an object has the id. */
  private boolean find(int id) {
    try (Arena arena = Arena.ofConfined()) {
      int answer = invalidateNothing(arena, id);
      if (answer == Errno.ENOENT.negated()) {
        return hidesKinds && isKnown(arena, id);
      }
      if (isViommu(arena, id)) {
        viommus.add(id);
      } else if (answer != Errno.EINVAL.negated()) {
        // Either its driver takes invalidations, and has done none, or it takes none.
        nested.add(id);
      } else if (!isKnown(arena, id)) {
        others.add(id);
      }
      return true;
    }
  }

  private boolean isKnown(Arena arena, int id) {
    return isIoas(arena, id) || isHwpt(arena, id) || isDevice(id);
  }

  /**
   * True if a kernel answers the request for all kinds as for no object: it is older than vIOMMUs.
   */
  private static boolean hidesKinds(Kernel kernel) {
    var since = Request.IOMMU_VIOMMU_ALLOC.since();
    return LinuxRelease.parse(kernel.identity().release())
        .filter(now -> since.filter(it -> it.after(now)).isPresent())
        .isPresent();
  }

  /**
   * {@code IOMMU_HWPT_INVALIDATE} of no entries: {@code ENOENT} without an object, {@code EINVAL}
   * for one of another kind than a nested HWPT and a vIOMMU.
   */
  private int invalidateNothing(Arena arena, int id) {
    MemorySegment block = iommu_hwpt_invalidate.allocate(arena);
    iommu_hwpt_invalidate.size(block, (int) block.byteSize());
    iommu_hwpt_invalidate.hwpt_id(block, id);
    iommu_hwpt_invalidate.data_type(block, iommufd_h.IOMMU_HWPT_INVALIDATE_DATA_VTD_S1());
    return request(Request.IOMMU_HWPT_INVALIDATE, block);
  }

  /** {@code IOMMU_HW_QUEUE_ALLOC} of a type that there is not: {@code ENOENT} but for a vIOMMU. */
  private boolean isViommu(Arena arena, int id) {
    MemorySegment block = iommu_hw_queue_alloc.allocate(arena);
    iommu_hw_queue_alloc.size(block, (int) block.byteSize());
    iommu_hw_queue_alloc.viommu_id(block, id);
    iommu_hw_queue_alloc.type(block, NO_TYPE);
    iommu_hw_queue_alloc.length(block, PAGE);
    return request(Request.IOMMU_HW_QUEUE_ALLOC, block) == Errno.EOPNOTSUPP.negated();
  }

  /** {@code IOMMU_IOAS_IOVA_RANGES} without room: {@code ENOENT} but for an IOAS. */
  private boolean isIoas(Arena arena, int id) {
    MemorySegment block = iommu_ioas_iova_ranges.allocate(arena);
    iommu_ioas_iova_ranges.size(block, (int) block.byteSize());
    iommu_ioas_iova_ranges.ioas_id(block, id);
    if (request(Request.IOMMU_IOAS_IOVA_RANGES, block) == Errno.ENOENT.negated()) {
      return false;
    }
    try {
      var ioas = iommufd.ioas(new IoasId(id));
      ioases.add(new IommufdContent.Ioas(ioas.id(), ioas.iovaRanges(), ioas.hugePages()));
    } catch (KernelException gone) {
      // Destroyed meanwhile: as if it had been gone before.
    }
    return true;
  }

  /** {@code IOMMU_HWPT_GET_DIRTY_BITMAP} of no bytes: {@code EINVAL} from a HWPT alone. */
  private boolean isHwpt(Arena arena, int id) {
    if (dirtyBits(arena, id, 0) != Errno.EINVAL.negated()) {
      return false;
    }
    // One page of bits that stay as they are: EOPNOTSUPP for a HWPT that was not made for it.
    boolean tracks = dirtyBits(arena, id, PAGE) != Errno.EOPNOTSUPP.negated();
    hwpts.add(new IommufdContent.Hwpt(new HwptId(id), tracks));
    return true;
  }

  private int dirtyBits(Arena arena, int id, long length) {
    long header = iommu_hwpt_get_dirty_bitmap.sizeof();
    MemorySegment block = arena.allocate(header + Long.BYTES, Long.BYTES);
    iommu_hwpt_get_dirty_bitmap.size(block, (int) header);
    iommu_hwpt_get_dirty_bitmap.hwpt_id(block, id);
    iommu_hwpt_get_dirty_bitmap.flags(block, iommufd_h.IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR());
    iommu_hwpt_get_dirty_bitmap.length(block, length);
    iommu_hwpt_get_dirty_bitmap.page_size(block, PAGE);
    iommu_hwpt_get_dirty_bitmap.data(block, block.address() + header);
    return request(Request.IOMMU_HWPT_GET_DIRTY_BITMAP, block);
  }

  /** {@code IOMMU_GET_HW_INFO}: {@code ENOENT} but for a device. */
  private boolean isDevice(int id) {
    var device = new DeviceId(id);
    Optional<HwInfo> hardware;
    try {
      hardware = Optional.of(iommufd.hwInfo(device));
    } catch (KernelException refused) {
      if (refused.errno() == Errno.ENOENT) {
        return false;
      }
      hardware = Optional.empty();
    }
    devices.add(new IommufdContent.Device(device, hardware));
    return true;
  }

  private int request(Request request, MemorySegment block) {
    return kernel.ioctl(iommufd.fd(), request.number(), block);
  }
}
