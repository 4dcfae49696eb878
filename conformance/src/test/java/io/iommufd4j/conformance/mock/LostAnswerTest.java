// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.mock;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.MockAccess;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Operations whose answer cannot be written: what they undo and what stays. */
@Conformance
final class LostAnswerTest {

  private static final long PAGE = UserPages.PAGE;
  private static final long START = MOCK_APERTURE_START();

  /** A device that takes PASIDs. */
  private record Bench(KernelUnderTest test, MockIommufd mock, int ioas, MockDevice device) {

    static Bench of(KernelUnderTest test) {
      MockIommufd mock = MockIommufd.open(test);
      int ioas = ok(mock.iommufd().ioasAlloc());
      MockDevice device = mock.device(ioas, MOCK_FLAGS_DEVICE_PASID()).ok();
      return new Bench(test, mock, ioas, device);
    }

    /** Runs an operation in a block that can be read and not written. */
    int run(int operation, int id, Consumer<MemorySegment> fields) {
      MemorySegment block =
          test.readOnly(page -> {
            iommu_test_cmd.size(page, (int) iommu_test_cmd.sizeof());
            iommu_test_cmd.op(page, operation);
            iommu_test_cmd.id(page, id);
            fields.accept(page);
          });
      return mock.iommufd().ioctl(IOMMU_TEST_CMD(), block);
    }
  }

  @Test
  void deviceIsGone(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    refused(EFAULT, bench.run(IOMMU_TEST_OP_MOCK_DOMAIN(), bench.ioas, block -> {}));
    MockDevice next = bench.mock.device(bench.ioas).ok();
    same(bench.device.hwpt() + 1, next.stdev());
  }

  @Test
  void replacedStaysReplaced(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    int hwpt = ok(bench.mock.iommufd().hwptAlloc(bench.device.id(), bench.ioas));
    refused(
        EFAULT,
        bench.run(
            IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE(),
            bench.device.stdev(),
            block ->
                iommu_test_cmd.mock_domain_replace.pt_id(
                    iommu_test_cmd.mock_domain_replace(block), hwpt)));
    ok(bench.mock.checkPasid(bench.device.stdev(), 0, hwpt));
  }

  @Test
  void pasidIsDetachedAgain(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    OpenIommufd iommufd = bench.mock.iommufd();
    int flag = iommufd_h.IOMMU_HWPT_ALLOC_PASID();
    int first = ok(iommufd.hwptAlloc(bench.device.id(), bench.ioas, flag));
    int second = ok(iommufd.hwptAlloc(bench.device.id(), bench.ioas, flag));
    int stdev = bench.device.stdev();
    same(first, bench.mock.replace(stdev, first));
    refused(EFAULT, bench.run(IOMMU_TEST_OP_PASID_ATTACH(), stdev, block -> pasid(block, first)));
    ok(bench.mock.checkPasid(stdev, 7, 0));
    ok(bench.mock.attachPasid(stdev, 7, first));
    refused(EFAULT, bench.run(IOMMU_TEST_OP_PASID_REPLACE(), stdev, block -> pasid(block, second)));
    ok(bench.mock.checkPasid(stdev, 7, second));
    refused(EINVAL, bench.mock.checkPasid(stdev, 7, first));
    ok(bench.mock.detachPasid(stdev, 7));
  }

  private static void pasid(MemorySegment block, int hwpt) {
    MemorySegment operation = iommu_test_cmd.pasid_attach(block);
    iommu_test_cmd.pasid_attach.pasid(operation, 7);
    iommu_test_cmd.pasid_attach.pt_id(operation, hwpt);
  }

  @Test
  void accessIsClosed(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    int empty = ok(bench.mock.iommufd().ioasAlloc());
    refused(EFAULT, bench.run(IOMMU_TEST_OP_CREATE_ACCESS(), empty, block -> {}));
    ok(bench.mock.iommufd().destroy(empty));
  }

  @Test
  void pagesAreUnpinned(KernelUnderTest test) {
    Bench bench = Bench.of(test);
    UserPages pages = test.pages(1);
    int free = ok(bench.mock.iommufd().ioasAlloc());
    ok(bench.mock.iommufd().mapFixed(free, pages.address(), PAGE, START));
    MockAccess access = bench.mock.access(free, MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES());
    refused(
        EFAULT,
        bench.run(
            IOMMU_TEST_OP_ACCESS_PAGES(),
            access.fd(),
            block -> {
              MemorySegment operation = iommu_test_cmd.access_pages(block);
              iommu_test_cmd.access_pages.iova(operation, START);
              iommu_test_cmd.access_pages.length(operation, PAGE);
            }));
    ok(bench.mock.checkPins(pages.address(), PAGE, 0));
    refused(ENOENT, access.unpin(0));
    same(1, access.pin(START, PAGE, pages.address()));
  }
}
