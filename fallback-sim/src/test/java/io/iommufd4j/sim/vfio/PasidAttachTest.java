// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_DESTROY;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_PASID;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_ATTACH_IOMMUFD_PT;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_DETACH_IOMMUFD_PT;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.ENOSPC;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_alloc;
import io.iommufd4j.bindings.vfio.vfio_device_attach_iommufd_pt;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.function.EduFunction;
import io.iommufd4j.sim.pci.PciBus;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** PASIDs of a device that has some, which none in the lab does. */
final class PasidAttachTest {

  private static final int PASIDS = 16;
  private static final int WITH_PASID = 1;

  private final VfioBench bench = new VfioBench(IommuPreset.VTD);
  private final EduFunction edu =
      bench.machine.edu("0000:00:08.0", new PciBus(false), bench.machine.group(3), PASIDS);
  private final int iommufd = bench.openIommufd();
  private final int fd = bench.open(bench.driver.probe(edu));
  private final int device = bench.bind(fd, iommufd);
  private final int ioas = bench.ioas(iommufd);
  private final int first = hwpt(IOMMU_HWPT_ALLOC_PASID());
  private final int second = hwpt(IOMMU_HWPT_ALLOC_PASID());

  @AfterEach
  void close() {
    bench.close();
  }

  private int hwpt(int flags) {
    MemorySegment alloc = bench.arena.allocate(iommu_hwpt_alloc.layout());
    iommu_hwpt_alloc.size(alloc, (int) alloc.byteSize());
    iommu_hwpt_alloc.flags(alloc, flags);
    iommu_hwpt_alloc.dev_id(alloc, device);
    iommu_hwpt_alloc.pt_id(alloc, ioas);
    assertEquals(0, bench.ioctl(iommufd, IOMMU_HWPT_ALLOC(), alloc));
    return iommu_hwpt_alloc.out_hwpt_id(alloc);
  }

  private int attach(int pasid, int pageTable) {
    MemorySegment block = bench.words(16, WITH_PASID, pageTable, pasid);
    int answer = bench.ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT(), block);
    return answer < 0 ? answer : vfio_device_attach_iommufd_pt.pt_id(block);
  }

  private int detach(int pasid) {
    return bench.ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT(), bench.words(12, WITH_PASID, pasid));
  }

  private int destroy(int id) {
    return bench.ioctl(iommufd, IOMMU_DESTROY(), bench.words(8, id));
  }

  @Test
  void secondAttachReplaces() {
    assertEquals(first, attach(1, first));
    assertEquals(EBUSY.negated(), destroy(first));
    assertEquals(second, attach(1, second));
    assertEquals(0, destroy(first));
    assertEquals(EBUSY.negated(), destroy(second));
    assertNotNull(edu.device().steered(1));
    assertNull(edu.device().steered(2));
  }

  @Test
  void detachIsForgivenWhenThereIsNothingToDetach() {
    assertEquals(0, detach(1));
    assertEquals(first, attach(1, first));
    assertEquals(0, detach(1));
    assertEquals(0, detach(1));
    assertNull(edu.device().steered(1));
    assertEquals(0, destroy(first));
  }

  @Test
  void automaticHwptIsNotMadeForPasids() {
    assertEquals(EINVAL.negated(), attach(1, ioas));
  }

  @Test
  void pasidZeroIsTheDeviceItself() {
    assertEquals(first, attach(0, first));
    assertEquals(EBUSY.negated(), bench.attach(fd, second));
    assertEquals(second, attach(0, second));
    assertEquals(0, detach(0));
    assertEquals(first, bench.attach(fd, first));
  }

  @Test
  void refusedPasidIsNotTaken() {
    assertEquals(EINVAL.negated(), attach(PASIDS, first));
    assertEquals(ENOSPC.negated(), attach(-1, first));
    assertEquals(ENOENT.negated(), attach(1, 1000));
    assertEquals(EINVAL.negated(), attach(1, hwpt(0)));
    assertEquals(first, attach(1, first));
  }

  @Test
  void closeDetachesThemAll() {
    assertEquals(first, attach(1, first));
    assertEquals(second, attach(2, second));
    bench.files.close(fd);
    assertEquals(0, destroy(first));
    assertEquals(0, destroy(second));
    assertNull(edu.device().steered(1));
  }
}
