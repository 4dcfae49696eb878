// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.ioas;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.PAGE;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.selftest.iommu_hwpt_invalidate_selftest;
import io.iommufd4j.bindings.selftest.iommu_hwpt_selftest;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests.Invalidation;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests.Queue;
import io.iommufd4j.conformance.selftest.driver.PageFault;
import io.iommufd4j.kernel.Errno;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** HWPTs on top of a HWPT: allocated, invalidated, attached, replaced, with a fault queue. */
@Selftest
final class NestedHwptTest {

  private static final int NEST_PARENT = iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT();
  private static final int FAULT_ID_VALID = iommufd_h.IOMMU_HWPT_FAULT_ID_VALID();
  private static final int DATA = IOMMU_HWPT_DATA_SELFTEST();
  private static final int INVALIDATE = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST();
  private static final int DEFAULT = IOMMU_TEST_IOTLB_DEFAULT();
  private static final int BEYOND_THE_LAST = MOCK_NESTED_DOMAIN_IOTLB_ID_MAX() + 1;
  private static final int UNKNOWN_FLAGS = -1;

  /** The most entries of an invalidation. */
  private static final int MOST_ENTRIES = 1 << 19;

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.alloc_hwpt_nested")
  void nested(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    if (ioas.attached()) {
      new Nesting(ioas).all();
    } else {
      nothingToNestOn(ioas);
    }
  }

  private static void nothingToNestOn(IoasFixture ioas) {
    MemorySegment data = data(ioas);
    refused(ENOENT, ioas.iommufd().hwptAlloc(0, ioas.ioas()));
    refused(ENOENT, ioas.file().objects().hwpt(0, 0, 0, DATA, data));
    refused(ENOENT, ioas.mock().replace(0, 0));
  }

  private static MemorySegment data(IoasFixture ioas) {
    MemorySegment data = ioas.file().test().arena().allocate(iommu_hwpt_selftest.layout());
    iommu_hwpt_selftest.iotlb(data, DEFAULT);
    return data;
  }

  /** The case where there is a device, step by step. */
  private static final class Nesting {

    private final IoasFixture ioas;
    private final MockIommufd mock;
    private final OpenIommufd iommufd;
    private final ObjectRequests objects;
    private final int device;
    private final int stdev;
    private final MemorySegment data;
    private final MemorySegment entries;

    Nesting(IoasFixture ioas) {
      this.ioas = ioas;
      this.mock = ioas.mock();
      this.iommufd = ioas.iommufd();
      this.objects = ioas.file().objects();
      this.device = ioas.device().id();
      this.stdev = ioas.device().stdev();
      this.data = data(ioas);
      this.entries = iommu_hwpt_invalidate_selftest.allocateArray(2, ioas.file().test().arena());
    }

    void all() {
      refused(ENOENT, iommufd.hwptAlloc(ioas.ioas(), device));
      refused(EINVAL, iommufd.hwptAlloc(device, device));
      refused(EOPNOTSUPP, iommufd.hwptAlloc(device, ioas.ioas(), NEST_PARENT | FAULT_ID_VALID));
      int parent = ok(iommufd.hwptAlloc(device, ioas.ioas(), NEST_PARENT));
      int noParent = ok(iommufd.hwptAlloc(device, ioas.ioas()));
      badNesting(parent, noParent);

      Queue queue = objects.faultQueue();
      ok(queue.answer());
      assertNotEquals(0, queue.id());
      assertNotEquals(0, queue.fd());
      int first = nest(parent);
      int second = nest(parent);
      refused(
          ENOENT, objects.hwpt(device, parent, FAULT_ID_VALID, -1, DATA, data, data.byteSize()));
      int faulting =
          ok(objects.hwpt(device, parent, FAULT_ID_VALID, queue.id(), DATA, data, data.byteSize()));
      mock.allIotlbs(first, DEFAULT);
      mock.allIotlbs(second, DEFAULT);
      refused(EINVAL, objects.hwpt(device, first, 0, DATA, data));
      refused(EBUSY, iommufd.destroy(parent));

      badInvalidations(parent, first);
      invalidations(first, second);

      ok(mock.replace(stdev, first));
      refused(EBUSY, iommufd.destroy(first));
      ok(mock.replace(stdev, second));
      refused(EBUSY, iommufd.destroy(second));
      ok(iommufd.destroy(first));
      ok(mock.replace(stdev, faulting));
      refused(EBUSY, iommufd.destroy(faulting));
      PageFault.raised(ioas.file(), device, PageFault.SOME_PASID, queue.fd());
      ok(mock.replace(stdev, parent));
      ok(iommufd.destroy(second));
      ok(iommufd.destroy(faulting));
      ok(mock.replace(stdev, ioas.ioas()));
      ok(iommufd.destroy(parent));
      ok(iommufd.destroy(noParent));
      ok(ioas.file().test().kernel().close(queue.fd()));
      ok(iommufd.destroy(queue.id()));
    }

    private int nest(int parent) {
      return ok(objects.hwpt(device, parent, 0, DATA, data));
    }

    private void badNesting(int parent, int noParent) {
      refused(EINVAL, objects.hwpt(device, parent, 0, iommufd_h.IOMMU_HWPT_DATA_NONE(), data));
      refused(EOPNOTSUPP, objects.hwpt(device, parent, 0, DATA + 1, data));
      long least = Integer.BYTES;
      refused(EINVAL, objects.hwpt(device, parent, 0, 0, DATA, data, least - 1));
      MemorySegment nowhere = MemorySegment.NULL;
      refused(EFAULT, objects.hwpt(device, parent, 0, 0, DATA, nowhere, data.byteSize()));
      refused(EOPNOTSUPP, objects.hwpt(device, parent, NEST_PARENT, DATA, data));
      refused(EINVAL, objects.hwpt(device, noParent, 0, DATA, data));
    }

    private void badInvalidations(int parent, int nested) {
      long length = iommu_hwpt_invalidate_selftest.sizeof();
      nothingDone(EINVAL, objects.invalidate(parent, INVALIDATE, entries, length, 1));

      // An empty array still tells whether the type is known.
      Invalidation none = objects.invalidate(nested, INVALIDATE, entries, length, 0);
      ok(none.answer());
      assertEquals(0, none.done());
      int unknown = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST_INVALID();
      nothingDone(EINVAL, objects.invalidate(nested, unknown, entries, length, 1));

      for (long bad : new long[] {length + 1, 1, PAGE + 1, 0}) {
        nothingDone(EINVAL, objects.invalidate(nested, INVALIDATE, entries, bad, 1));
      }
      nothingDone(
          EINVAL, objects.invalidate(nested, INVALIDATE, entries, length, MOST_ENTRIES + 1));

      entry(0, UNKNOWN_FLAGS, 0);
      nothingDone(EOPNOTSUPP, objects.invalidate(nested, INVALIDATE, entries, length, 1));
      entry(0, 0, 0);
      MemorySegment nowhere = MemorySegment.NULL;
      nothingDone(EINVAL, objects.invalidate(nested, INVALIDATE, nowhere, length, 1));
      entry(0, 0, BEYOND_THE_LAST);
      nothingDone(EINVAL, objects.invalidate(nested, INVALIDATE, entries, length, 1));
    }

    private static void nothingDone(Errno errno, Invalidation invalidation) {
      refused(errno, invalidation.answer());
      assertEquals(0, invalidation.done());
    }

    private void invalidations(int first, int second) {
      entry(0, 0, 0);
      entry(1, UNKNOWN_FLAGS, 1);
      oneDone(EOPNOTSUPP, first);
      iotlb(first, 0, DEFAULT, DEFAULT, DEFAULT);

      entry(1, 0, BEYOND_THE_LAST);
      oneDone(EINVAL, first);
      iotlb(first, 0, DEFAULT, DEFAULT, DEFAULT);

      entry(0, 0, 1);
      allDone(first, 1);
      iotlb(first, 0, 0, DEFAULT, DEFAULT);

      entry(0, 0, 2);
      entry(1, 0, 3);
      allDone(first, 2);
      mock.allIotlbs(first, 0);

      entry(0, IOMMU_TEST_INVALIDATE_FLAG_ALL(), 2);
      allDone(second, 1);
      mock.allIotlbs(second, 0);
    }

    /** Two entries, of which the second is bad. */
    private void oneDone(Errno errno, int nested) {
      long length = iommu_hwpt_invalidate_selftest.sizeof();
      Invalidation done = objects.invalidate(nested, INVALIDATE, entries, length, 2);
      refused(errno, done.answer());
      assertEquals(1, done.done());
    }

    private void allDone(int nested, int count) {
      long length = iommu_hwpt_invalidate_selftest.sizeof();
      Invalidation done = objects.invalidate(nested, INVALIDATE, entries, length, count);
      ok(done.answer());
      assertEquals(count, done.done());
    }

    private void entry(int index, int flags, int iotlb) {
      MemorySegment entry = iommu_hwpt_invalidate_selftest.asSlice(entries, index);
      iommu_hwpt_invalidate_selftest.flags(entry, flags);
      iommu_hwpt_invalidate_selftest.iotlb_id(entry, iotlb);
    }

    private void iotlb(int hwpt, int... values) {
      for (int i = 0; i < values.length; i++) {
        same(0, mock.checkIotlb(hwpt, i, values[i]));
      }
    }
  }
}
