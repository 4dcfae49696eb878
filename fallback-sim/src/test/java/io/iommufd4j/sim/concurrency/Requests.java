// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.concurrency;

import io.iommufd4j.bindings.iommufd.iommu_destroy;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_alloc;
import io.iommufd4j.bindings.iommufd.iommu_ioas_alloc;
import io.iommufd4j.bindings.iommufd.iommu_ioas_allow_iovas;
import io.iommufd4j.bindings.iommufd.iommu_ioas_copy;
import io.iommufd4j.bindings.iommufd.iommu_ioas_map;
import io.iommufd4j.bindings.iommufd.iommu_ioas_unmap;
import io.iommufd4j.bindings.iommufd.iommu_iova_range;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.vfio.vfio_device_attach_iommufd_pt;
import io.iommufd4j.bindings.vfio.vfio_device_bind_iommufd;
import io.iommufd4j.bindings.vfio.vfio_device_detach_iommufd_pt;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.kernel.Kernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Requests of one thread, in the shortest form. Answers are ≥ 0 or −errno. */
final class Requests implements AutoCloseable {

  private static final int READ_WRITE =
      iommufd_h.IOMMU_IOAS_MAP_READABLE() | iommufd_h.IOMMU_IOAS_MAP_WRITEABLE();

  private final Kernel kernel;
  private final int iommufd;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment block = arena.allocate(256, 8);
  private final MemorySegment range = arena.allocate(iommu_iova_range.layout());

  Requests(Kernel kernel, int iommufd) {
    this.kernel = kernel;
    this.iommufd = iommufd;
  }

  private MemorySegment block(long size) {
    block.fill((byte) 0);
    iommu_destroy.size(block, (int) size);
    return block;
  }

  private int answer(int request) {
    return kernel.ioctl(iommufd, request, block);
  }

  int ioas() {
    block(iommu_ioas_alloc.sizeof());
    int answer = answer(iommufd_h.IOMMU_IOAS_ALLOC());
    return answer < 0 ? answer : iommu_ioas_alloc.out_ioas_id(block);
  }

  int destroy(int id) {
    iommu_destroy.id(block(iommu_destroy.sizeof()), id);
    return answer(iommufd_h.IOMMU_DESTROY());
  }

  int map(int ioas, long address, long bytes, long iova) {
    block(iommu_ioas_map.sizeof());
    iommu_ioas_map.ioas_id(block, ioas);
    iommu_ioas_map.flags(block, READ_WRITE | iommufd_h.IOMMU_IOAS_MAP_FIXED_IOVA());
    iommu_ioas_map.user_va(block, address);
    iommu_ioas_map.length(block, bytes);
    iommu_ioas_map.iova(block, iova);
    return answer(iommufd_h.IOMMU_IOAS_MAP());
  }

  int copy(int from, long fromIova, long bytes, int to, long toIova) {
    block(iommu_ioas_copy.sizeof());
    iommu_ioas_copy.src_ioas_id(block, from);
    iommu_ioas_copy.src_iova(block, fromIova);
    iommu_ioas_copy.length(block, bytes);
    iommu_ioas_copy.dst_ioas_id(block, to);
    iommu_ioas_copy.dst_iova(block, toIova);
    iommu_ioas_copy.flags(block, READ_WRITE | iommufd_h.IOMMU_IOAS_MAP_FIXED_IOVA());
    return answer(iommufd_h.IOMMU_IOAS_COPY());
  }

  /** Unmaps; the answer is the number of bytes unmapped, or below 0 the errno. */
  int unmap(int ioas, long iova, long bytes) {
    block(iommu_ioas_unmap.sizeof());
    iommu_ioas_unmap.ioas_id(block, ioas);
    iommu_ioas_unmap.iova(block, iova);
    iommu_ioas_unmap.length(block, bytes);
    int answer = answer(iommufd_h.IOMMU_IOAS_UNMAP());
    return answer < 0 ? answer : (int) iommu_ioas_unmap.length(block);
  }

  /** Allows one range, or with {@code last} 0 everything. */
  int allow(int ioas, long start, long last) {
    iommu_iova_range.start(range, start);
    iommu_iova_range.last(range, last);
    block(iommu_ioas_allow_iovas.sizeof());
    iommu_ioas_allow_iovas.ioas_id(block, ioas);
    iommu_ioas_allow_iovas.num_iovas(block, last == 0 ? 0 : 1);
    iommu_ioas_allow_iovas.allowed_iovas(block, range.address());
    return answer(iommufd_h.IOMMU_IOAS_ALLOW_IOVAS());
  }

  int hwpt(int device, int parent) {
    block(iommu_hwpt_alloc.sizeof());
    iommu_hwpt_alloc.dev_id(block, device);
    iommu_hwpt_alloc.pt_id(block, parent);
    int answer = answer(iommufd_h.IOMMU_HWPT_ALLOC());
    return answer < 0 ? answer : iommu_hwpt_alloc.out_hwpt_id(block);
  }

  /** The device's id. */
  int bind(int cdev) {
    block(0);
    vfio_device_bind_iommufd.argsz(block, (int) vfio_device_bind_iommufd.sizeof());
    vfio_device_bind_iommufd.iommufd(block, iommufd);
    int answer = kernel.ioctl(cdev, vfio_h.VFIO_DEVICE_BIND_IOMMUFD(), block);
    return answer < 0 ? answer : vfio_device_bind_iommufd.out_devid(block);
  }

  /** The HWPT's id. */
  int attach(int cdev, int pageTable) {
    block(0);
    vfio_device_attach_iommufd_pt.argsz(block, (int) vfio_device_attach_iommufd_pt.sizeof());
    vfio_device_attach_iommufd_pt.pt_id(block, pageTable);
    int answer = kernel.ioctl(cdev, vfio_h.VFIO_DEVICE_ATTACH_IOMMUFD_PT(), block);
    return answer < 0 ? answer : vfio_device_attach_iommufd_pt.pt_id(block);
  }

  int detach(int cdev) {
    block(0);
    vfio_device_detach_iommufd_pt.argsz(block, (int) vfio_device_detach_iommufd_pt.sizeof());
    return kernel.ioctl(cdev, vfio_h.VFIO_DEVICE_DETACH_IOMMUFD_PT(), block);
  }

  @Override
  public void close() {
    arena.close();
  }
}
