// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.objects;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_PASID;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_FAULT_ID_VALID;
import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_TEST_PASID_RESERVED;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_FLAGS_DEVICE_PASID;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOMEM;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_page_response;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_pgfault;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** Page requests of a PASID that has a HWPT of its own. */
@Conformance
final class PasidFaultTest {

  private static final int PASID = 5;
  private static final long RECORD = iommu_hwpt_pgfault.sizeof();

  /** A device with PASIDs, on a HWPT that leaves room for them. */
  private static final class Shared {
    final KernelUnderTest test;
    final MockIommufd mock;
    final ObjectRequests objects;
    final ObjectRequests.Queue queue;
    final QueueFd fd;
    final int ioas;
    final MockDevice device;

    Shared(KernelUnderTest test) {
      this.test = test;
      mock = MockIommufd.open(test);
      objects = new ObjectRequests(mock.iommufd());
      ioas = ok(mock.iommufd().ioasAlloc());
      device = mock.device(ioas, MOCK_FLAGS_DEVICE_PASID()).ok();
      queue = objects.faultQueue();
      fd = new QueueFd(test, queue);
      ok(mock.replace(device.stdev(), hwpt(0)));
    }

    /** Attaches a PASID until the test is over. */
    void attach(int pasid, int hwpt) {
      ok(mock.attachPasid(device.stdev(), pasid, hwpt));
      test.keep(() -> ok(mock.detachPasid(device.stdev(), pasid)));
    }

    int hwpt(int flags) {
      int all = flags | IOMMU_HWPT_ALLOC_PASID();
      MemorySegment none = ObjectRequests.NO_DATA;
      return ok(objects.hwpt(device.id(), ioas, all, queue.id(), 0, none, 0));
    }

    int reporting() {
      return hwpt(IOMMU_HWPT_FAULT_ID_VALID());
    }

    void ask(int pasid) {
      ok(mock.triggerFault(device.id(), pasid, 1, 1, 0x1000));
    }

    /** Reads one request: its cookie. */
    int read() {
      MemorySegment record = test.arena().allocate(RECORD, 8);
      same(RECORD, fd.read(record));
      return iommu_hwpt_pgfault.cookie(record);
    }

    long respond(int cookie) {
      MemorySegment response = test.arena().allocate(iommu_hwpt_page_response.layout());
      iommu_hwpt_page_response.cookie(response, cookie);
      return fd.write(response);
    }

    void expectNothing() {
      same(0, fd.read(test.arena().allocate(RECORD, 8)));
    }
  }

  @Test
  void requestCarriesItsPasid(KernelUnderTest test) {
    var shared = new Shared(test);
    shared.attach(PASID, shared.reporting());
    shared.ask(PASID);
    MemorySegment record = test.arena().allocate(RECORD, 8);
    same(RECORD, shared.fd.read(record));
    assertEquals(PASID, iommu_hwpt_pgfault.pasid(record));
    assertEquals(shared.device.id(), iommu_hwpt_pgfault.dev_id(record));
    assertEquals(
        iommufd_h.IOMMU_PGFAULT_FLAGS_LAST_PAGE() | iommufd_h.IOMMU_PGFAULT_FLAGS_PASID_VALID(),
        iommu_hwpt_pgfault.flags(record));
    // Neither the device itself nor another PASID has anybody who looks after it.
    shared.ask(0);
    shared.ask(PASID + 1);
    shared.expectNothing();
  }

  @Test
  void replaceOfAPasidAnswersWhatIsPending(KernelUnderTest test) {
    var shared = new Shared(test);
    int first = shared.reporting();
    shared.attach(PASID, first);
    shared.ask(PASID);
    int cookie = shared.read();
    shared.ask(PASID);
    ok(shared.mock.replacePasid(shared.device.stdev(), PASID, shared.hwpt(0)));
    refused(EINVAL, shared.respond(cookie));
    shared.expectNothing();
    ok(shared.mock.iommufd().destroy(first));
  }

  @Test
  void detachOfAPasidAnswersWhatIsPending(KernelUnderTest test) {
    var shared = new Shared(test);
    int hwpt = shared.reporting();
    shared.attach(PASID, hwpt);
    shared.attach(PASID + 1, hwpt);
    shared.ask(PASID);
    int cookie = shared.read();
    shared.ask(PASID + 1);
    int other = shared.read();
    ok(shared.mock.detachPasid(shared.device.stdev(), PASID));
    refused(EINVAL, shared.respond(cookie));
    same(iommu_hwpt_page_response.sizeof(), shared.respond(other));
    shared.ask(PASID);
    shared.expectNothing();
    shared.ask(PASID + 1);
    shared.respond(shared.read());
  }

  @Test
  void failedReplaceOfAPasidAnswersNothing(KernelUnderTest test) {
    var shared = new Shared(test);
    int pasid = IOMMU_TEST_PASID_RESERVED();
    shared.attach(pasid, shared.reporting());
    shared.ask(pasid);
    int cookie = shared.read();
    refused(ENOMEM, shared.mock.replacePasid(shared.device.stdev(), pasid, shared.hwpt(0)));
    same(iommu_hwpt_page_response.sizeof(), shared.respond(cookie));
    shared.ask(pasid);
    shared.read();
  }
}
