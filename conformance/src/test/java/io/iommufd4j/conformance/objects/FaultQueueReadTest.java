// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.objects;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.ESPIPE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_pgfault;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Page requests, read from a fault queue. */
@Conformance
final class FaultQueueReadTest {

  private static final long RECORD = iommu_hwpt_pgfault.sizeof();

  /** A device whose page requests come out of a queue. */
  private record Reported(MockGuest guest, ObjectRequests.Queue queue, QueueFd fd) {

    static Reported on(KernelUnderTest test) {
      var guest = new MockGuest(test);
      ObjectRequests.Queue queue = guest.objects.faultQueue();
      var fd = new QueueFd(test, queue);
      guest.replace(guest.hwpt(queue));
      return new Reported(guest, queue, fd);
    }

    void ask(int group, long address) {
      ok(guest.mock.triggerFault(guest.id(), 0, group, 1, address));
    }

    MemorySegment memory(long records) {
      return guest.test.arena().allocate(records * RECORD, 8);
    }
  }

  @Test
  void nothingThereIsNoFault(KernelUnderTest test) {
    Reported reported = Reported.on(test);
    same(0, reported.fd.read(reported.memory(1)));
    same(0, reported.fd.read(reported.memory(0)));
    assertEquals(libc_h.POLLOUT(), reported.fd.poll());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 39, 41, 79})
  void partOfARecordIsASeek(long bytes, KernelUnderTest test) {
    Reported reported = Reported.on(test);
    refused(ESPIPE, reported.fd.read(test.arena().allocate(bytes)));
    reported.ask(1, 0x1000);
    refused(ESPIPE, reported.fd.read(test.arena().allocate(bytes)));
  }

  @Test
  void offsetIsASeek(KernelUnderTest test) {
    Reported reported = Reported.on(test);
    refused(ESPIPE, reported.fd.pread(reported.memory(1), 0));
    refused(ESPIPE, reported.fd.pread(reported.memory(1), RECORD));
  }

  @Test
  void requestSaysAllThatTheDeviceDid(KernelUnderTest test) {
    Reported reported = Reported.on(test);
    ok(reported.guest.mock.triggerFault(reported.guest.id(), 0, 7, 0xf, 0xfedc_ba98_7654_3210L));
    assertEquals(libc_h.POLLIN() | libc_h.POLLOUT(), reported.fd.poll());
    MemorySegment record = reported.memory(1).fill((byte) 0xff);
    same(RECORD, reported.fd.read(record));
    assertEquals(iommufd_h.IOMMU_PGFAULT_FLAGS_LAST_PAGE(), iommu_hwpt_pgfault.flags(record));
    assertEquals(reported.guest.id(), iommu_hwpt_pgfault.dev_id(record));
    assertEquals(0, iommu_hwpt_pgfault.pasid(record));
    assertEquals(7, iommu_hwpt_pgfault.grpid(record));
    assertEquals(0xf, iommu_hwpt_pgfault.perm(record));
    assertEquals(0xfedc_ba98_7654_3210L, iommu_hwpt_pgfault.addr(record));
    assertEquals(0, iommu_hwpt_pgfault.length(record));
    assertEquals(1, iommu_hwpt_pgfault.cookie(record));
    assertEquals(libc_h.POLLOUT(), reported.fd.poll());
  }

  @Test
  void asManyAreReadAsFit(KernelUnderTest test) {
    Reported reported = Reported.on(test);
    for (int group = 1; group <= 3; group++) {
      reported.ask(group, group * 0x1000L);
    }
    refused(EINVAL, reported.fd.read(reported.memory(0)));
    MemorySegment records = reported.memory(5);
    same(2 * RECORD, reported.fd.read(records.asSlice(0, 2 * RECORD)));
    assertEquals(1, iommu_hwpt_pgfault.grpid(records));
    assertEquals(2, iommu_hwpt_pgfault.grpid(records.asSlice(RECORD)));
    same(RECORD, reported.fd.read(records));
    assertEquals(3, iommu_hwpt_pgfault.grpid(records));
    assertEquals(3, iommu_hwpt_pgfault.cookie(records));
    same(0, reported.fd.read(records));
  }

  @Test
  void requestThatCannotBeHandedOutStays(KernelUnderTest test) {
    Reported reported = Reported.on(test);
    reported.ask(1, 0x1000);
    var nowhere = MemorySegment.ofAddress(test.badAddress()).reinterpret(RECORD);
    refused(EFAULT, reported.fd.read(nowhere));
    MemorySegment record = reported.memory(1);
    same(RECORD, reported.fd.read(record));
    assertEquals(1, iommu_hwpt_pgfault.cookie(record), "the cookie was not given back");
  }

  @Test
  void whatFitsBeforeABadPageIsRead(KernelUnderTest test) {
    Reported reported = Reported.on(test);
    reported.ask(1, 0x1000);
    reported.ask(2, 0x2000);
    UserPages page = test.pageBeforeNothing();
    long start = page.address() + UserPages.PAGE - RECORD;
    same(RECORD, reported.fd.read(MemorySegment.ofAddress(start).reinterpret(2 * RECORD)));
    MemorySegment record = reported.memory(1);
    same(RECORD, reported.fd.read(record));
    assertEquals(2, iommu_hwpt_pgfault.grpid(record));
    assertEquals(2, iommu_hwpt_pgfault.cookie(record));
  }

  @Test
  void requestsOfADetachedDeviceReachNobody(KernelUnderTest test) {
    Reported reported = Reported.on(test);
    MockGuest guest = reported.guest;
    ok(guest.mock.replace(guest.device.stdev(), guest.ioas));
    reported.ask(1, 0x1000);
    same(0, reported.fd.read(reported.memory(1)));
  }

  @Test
  void pasidWithoutAttachmentReachesNobody(KernelUnderTest test) {
    Reported reported = Reported.on(test);
    ok(reported.guest.mock.triggerFault(reported.guest.id(), 5, 1, 1, 0x1000));
    same(0, reported.fd.read(reported.memory(1)));
  }

  @Test
  void pasidOfAGuestsTableGoesThroughTheDevice(KernelUnderTest test) {
    var guest = new MockGuest(test);
    ObjectRequests.Queue queue = guest.objects.faultQueue();
    var fd = new QueueFd(test, queue);
    int nested =
        ok(
            guest.objects.hwpt(
                guest.id(),
                guest.parent(),
                iommufd_h.IOMMU_HWPT_FAULT_ID_VALID(),
                queue.id(),
                selftest_h.IOMMU_HWPT_DATA_SELFTEST(),
                guest.description(),
                guest.description().byteSize()));
    guest.replace(nested);
    ok(guest.mock.triggerFault(guest.id(), 5, 1, 1, 0x1000));
    MemorySegment record = test.arena().allocate(RECORD, 8);
    same(RECORD, fd.read(record));
    assertEquals(5, iommu_hwpt_pgfault.pasid(record));
    assertEquals(
        iommufd_h.IOMMU_PGFAULT_FLAGS_LAST_PAGE() | iommufd_h.IOMMU_PGFAULT_FLAGS_PASID_VALID(),
        iommu_hwpt_pgfault.flags(record));
  }

  @Test
  void onlyMocksAskOnDemand(KernelUnderTest test) {
    var guest = new MockGuest(test);
    refused(ENOENT, guest.mock.triggerFault(0, 0, 1, 1, 0x1000));
    refused(ENOENT, guest.mock.triggerFault(guest.ioas, 0, 1, 1, 0x1000));
    var real = test.bound(guest.iommufd, test.machine().lone().getFirst());
    refused(EINVAL, guest.mock.triggerFault(real.id(), 0, 1, 1, 0x1000));
  }
}
