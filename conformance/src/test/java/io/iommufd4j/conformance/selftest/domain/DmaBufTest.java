// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.domain;

import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_TEST_DEV_CACHE_DEFAULT;
import static io.iommufd4j.bindings.selftest.selftest_h.MOCK_FLAGS_DEVICE_PASID;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.PAGE;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENODEV;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.conformance.selftest.driver.SelftestFile;
import io.iommufd4j.kernel.Request;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * {@code iommufd_ioas}: a DMA-BUF is mapped, taken back and given again. The operation that makes
 * the mock's DMA-BUF answers 0 on Linux 7.3.4 where the kernel's cases take a descriptor; here it
 * is the descriptor that was made.
 */
@Selftest
final class DmaBufTest {

  private static final String NAME = "{0}";
  private static final long BYTES = 4 * PAGE;

  /** The number of devices, and the memory that the kernel may take for a batch of pages. */
  enum Variant {
    NO_DOMAIN("no_domain", 0, false, MockIommufd.DEFAULT_MEMORY_LIMIT),
    MOCK_DOMAIN("mock_domain", 1, true, MockIommufd.DEFAULT_MEMORY_LIMIT),
    TWO_MOCK_DOMAIN("two_mock_domain", 2, false, MockIommufd.DEFAULT_MEMORY_LIMIT),
    MOCK_DOMAIN_LIMIT("mock_domain_limit", 1, false, 16);

    private final String kernelName;
    private final int devices;
    private final boolean pasids;
    private final int memoryLimit;

    Variant(String kernelName, int devices, boolean pasids, int memoryLimit) {
      this.kernelName = kernelName;
      this.devices = devices;
      this.pasids = pasids;
      this.memoryLimit = memoryLimit;
    }

    @Override
    public String toString() {
      return kernelName;
    }
  }

  /** The state both cases start from. */
  private static final class Start {

    private final SelftestFile file;
    private final OpenIommufd iommufd;
    private final int ioas;
    private final int device;
    private final int buffer;

    Start(KernelUnderTest test, Variant variant) {
      file = SelftestFile.open(test);
      iommufd = file.iommufd();
      ioas = file.ioas();
      MockIommufd mock = file.mock();
      test.keep(() -> defaultLimit(test));
      ok(mock.memoryLimit(variant.memoryLimit));
      int last = 0;
      for (int i = 0; i < variant.devices; i++) {
        last = mock.device(ioas).ok().id();
        mock.allCaches(last, IOMMU_TEST_DEV_CACHE_DEFAULT());
      }
      if (variant.pasids) {
        mock.device(ioas, MOCK_FLAGS_DEVICE_PASID()).ok();
      }
      device = last;
      buffer = dmaBuf(test);
    }

    private static void defaultLimit(KernelUnderTest test) {
      MockIommufd mock = MockIommufd.open(test);
      ok(mock.memoryLimit(MockIommufd.DEFAULT_MEMORY_LIMIT));
      mock.iommufd().close();
    }

    /** The descriptor that is made is the lowest that was free, as always. */
    private int dmaBuf(KernelUnderTest test) {
      int next = ok(test.kernel().dup(iommufd.fd()));
      ok(test.kernel().close(next));
      same(0, file.mock().dmaBuf((int) BYTES));
      return next;
    }

    private RequestBlock block(long start, long bytes) {
      return iommufd
          .block(Request.IOMMU_IOAS_MAP_FILE)
          .set("flags", OpenIommufd.READ_WRITE)
          .set("ioas_id", ioas)
          .set("fd", buffer)
          .set("start", start)
          .set("length", bytes);
    }

    /** Maps where the kernel likes: the IOVA. */
    long map(long start, long bytes) {
      RequestBlock block = block(start, bytes);
      int answer = iommufd.ioctl(block);
      return answer < 0 ? answer : block.get("iova");
    }
  }

  @ParameterizedTest(name = NAME)
  @EnumSource
  @Counterpart("iommufd_ioas.dmabuf_simple")
  void mapsWhatLiesInside(Variant variant, KernelUnderTest test) {
    Start start = new Start(test, variant);
    refused(EINVAL, start.map(0, 0));
    refused(EINVAL, start.map(BYTES, BYTES));
    refused(EINVAL, start.map(0, BYTES + 1));
    ok(start.map(0, BYTES));
    ok(test.kernel().close(start.buffer));
  }

  @ParameterizedTest(name = NAME)
  @EnumSource
  @Counterpart("iommufd_ioas.dmabuf_revoke")
  void isTakenBackAndGivenAgain(Variant variant, KernelUnderTest test) {
    Start start = new Start(test, variant);
    MockIommufd mock = start.file.mock();
    long iova = ok(start.map(0, BYTES));
    ok(mock.revokeDmaBuf(start.buffer, true));
    if (variant.devices > 0) {
      ok(start.iommufd.hwptAlloc(start.device, start.ioas));
    }
    refused(ENODEV, start.map(0, BYTES));

    ok(mock.revokeDmaBuf(start.buffer, false));
    ok(start.map(0, BYTES));
    same(BYTES, start.iommufd.unmap(start.ioas, iova, BYTES));
    ok(start.iommufd.mapFile(start.ioas, start.buffer, 0, BYTES, iova));
    ok(test.kernel().close(start.buffer));
  }
}
