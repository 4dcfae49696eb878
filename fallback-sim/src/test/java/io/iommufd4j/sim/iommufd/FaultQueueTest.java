// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_PGFAULT_FLAGS_LAST_PAGE;
import static io.iommufd4j.sim.iommufd.Bench.answer;
import static io.iommufd4j.sim.iommufd.Bench.refused;
import static io.iommufd4j.sim.iommufd.Bench.succeeded;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.iommufd4j.bindings.iommufd.iommu_fault_alloc;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_alloc;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_page_response;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_pgfault;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.RecordFile;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommu.hardware.PageRequest;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Groups of several page requests, which no mock device makes. */
class FaultQueueTest {

  private static final long RECORD = iommu_hwpt_pgfault.sizeof();

  private final Bench bench = new Bench();
  private final IommuDevice hardware = bench.device();
  private final MemorySegment queue = bench.block(iommu_fault_alloc.sizeof());

  @BeforeEach
  void attach() {
    succeeded(bench.call(iommufd_h.IOMMU_FAULT_QUEUE_ALLOC(), queue));
    IommufdDevice device = bench.bind(hardware);
    device.attach(IommuGroup.NO_PASID, hwpt(device));
    hardware.takePageRequests();
  }

  private int hwpt(IommufdDevice device) {
    MemorySegment block = bench.block(iommu_hwpt_alloc.sizeof());
    iommu_hwpt_alloc.dev_id(block, device.id());
    iommu_hwpt_alloc.pt_id(block, bench.ioas());
    iommu_hwpt_alloc.flags(block, iommufd_h.IOMMU_HWPT_FAULT_ID_VALID());
    iommu_hwpt_alloc.fault_id(block, iommu_fault_alloc.out_fault_id(queue));
    succeeded(bench.call(iommufd_h.IOMMU_HWPT_ALLOC(), block));
    return iommu_hwpt_alloc.out_hwpt_id(block);
  }

  @AfterEach
  void close() {
    bench.close();
  }

  private RecordFile file() {
    return (RecordFile)
        Objects.requireNonNull(bench.files.find(iommu_fault_alloc.out_fault_fd(queue)));
  }

  private void ask(int group, long address, boolean last) {
    int flags = last ? IOMMU_PGFAULT_FLAGS_LAST_PAGE() : 0;
    hardware.report(new PageRequest(flags, 0, group, 1, address));
  }

  private int read(MemorySegment into) {
    return answer(() -> (int) file().read(into.address(), into.byteSize()));
  }

  @Test
  void groupIsReadWholeUnderOneCookie() {
    ask(1, 0x1000, false);
    ask(2, 0x2000, false);
    ask(1, 0x3000, false);
    MemorySegment records = bench.arena.allocate(5 * RECORD, 8);
    assertEquals(0, read(records), "a group was handed out before its last request");
    ask(1, 0x4000, true);
    refused(Errno.EINVAL, read(records.asSlice(0, 2 * RECORD)));
    assertEquals(3 * RECORD, read(records));
    for (int i = 0; i < 3; i++) {
      MemorySegment record = records.asSlice(i * RECORD, RECORD);
      assertEquals(new long[] {0x1000, 0x3000, 0x4000}[i], iommu_hwpt_pgfault.addr(record));
      assertEquals(1, iommu_hwpt_pgfault.cookie(record));
      assertEquals(i == 2 ? 2 : 0, iommu_hwpt_pgfault.flags(record));
    }
    ask(2, 0x5000, true);
    assertEquals(2 * RECORD, read(records));
    assertEquals(0x2000, iommu_hwpt_pgfault.addr(records));
    assertEquals(2, iommu_hwpt_pgfault.cookie(records));
  }

  @Test
  void groupsThatDoNotFitWait() {
    ask(1, 0x1000, true);
    ask(2, 0x2000, false);
    ask(2, 0x3000, true);
    MemorySegment records = bench.arena.allocate(2 * RECORD, 8);
    assertEquals(RECORD, read(records));
    assertEquals(2 * RECORD, read(records));
  }

  @Test
  void oneResponseAnswersAGroup() {
    ask(1, 0x1000, false);
    ask(1, 0x2000, true);
    MemorySegment records = bench.arena.allocate(2 * RECORD, 8);
    assertEquals(2 * RECORD, read(records));
    MemorySegment response = bench.arena.allocate(iommu_hwpt_page_response.layout());
    iommu_hwpt_page_response.cookie(response, 1);
    long bytes = response.byteSize();
    assertEquals(bytes, file().write(response.address(), bytes));
    refused(Errno.EINVAL, answer(() -> (int) file().write(response.address(), bytes)));
  }

  @Test
  void groupThatIsNotCompleteIsForgottenWithItsDevice() {
    ask(1, 0x1000, false);
    hardware.refusePageRequests();
    hardware.takePageRequests();
    ask(1, 0x2000, true);
    MemorySegment records = bench.arena.allocate(2 * RECORD, 8);
    assertEquals(RECORD, read(records));
    assertEquals(0x2000, iommu_hwpt_pgfault.addr(records));
  }

  @Test
  void requestIsRefusedWhereNobodyLooksAfterIt() {
    refused(
        Errno.EINVAL,
        answer(() -> {
          hardware.report(new PageRequest(3, 5, 1, 1, 0x1000));
          return 0;
        }));
    hardware.refusePageRequests();
    refused(
        Errno.EINVAL,
        answer(() -> {
          ask(1, 0x1000, true);
          return 0;
        }));
    hardware.takePageRequests();
    refused(
        Errno.EBUSY,
        answer(() -> {
          hardware.takePageRequests();
          return 0;
        }));
  }

  @Test
  void whoWaitsIsWoken() {
    long before = bench.wakeups.now();
    ask(1, 0x1000, false);
    assertEquals(before, bench.wakeups.now());
    ask(1, 0x1000, true);
    assertNotEquals(before, bench.wakeups.now());
  }
}
