// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.limits;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.UserPages.PAGE;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.ENOMEM;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.OtherProcess;
import io.iommufd4j.conformance.ProcessStatus;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.extension.MemlockLimit;
import io.iommufd4j.kernel.Request;
import org.junit.jupiter.api.Test;

/** Accounting of pinned memory between two processes, also after one of them is gone. */
@Conformance
@MemlockLimit(pages = 24)
final class OtherProcessTest {

  private static final long COUNT = 16;
  private static final long BYTES = COUNT * PAGE;
  private static final long IOVA = 0x100_0000;
  private static final String SELF = "self";

  @Test
  void whoMapsPays(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    bound.hwpt(ioas);
    OtherProcess process = test.fork();
    ok(mapBy(process, test, bound.iommufd(), ioas));
    assertEquals(BYTES, ProcessStatus.of(test, Long.toString(process.pid())).pinnedBytes());
    assertEquals(0, ProcessStatus.of(test, SELF).pinnedBytes());
    process.close();
    assertEquals(BYTES, bound.iommufd().unmap(ioas, IOVA, BYTES));
    assertEquals(0, ProcessStatus.of(test, SELF).pinnedBytes());
  }

  @Test
  void memoryOfAProcessThatIsGoneIsNotPinned(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    OtherProcess process = test.fork();
    ok(mapBy(process, test, bound.iommufd(), ioas));
    process.close();
    refused(EFAULT, bound.iommufd().hwptAlloc(bound.id(), ioas));
    assertEquals(BYTES, bound.iommufd().unmap(ioas, IOVA, BYTES));
    ok(bound.iommufd().hwptAlloc(bound.id(), ioas));
  }

  @Test
  void userPaysTwiceForAMomentWhenPagesChangeHands(KernelUnderTest test) {
    BoundDevice bound = withFile(test, 0);
    OtherProcess process = test.fork();
    refused(ENOMEM, change(process, bound.iommufd()));
    assertEquals(new ProcessStatus(0, BYTES), ProcessStatus.of(test, SELF));
  }

  @Test
  void processPaysForWhatComesIntoItsHands(KernelUnderTest test) {
    BoundDevice bound = withFile(test, 1);
    OtherProcess process = test.fork();
    same(0, change(process, bound.iommufd()));
    assertEquals(new ProcessStatus(0, 0), ProcessStatus.of(test, SELF));
    String other = Long.toString(process.pid());
    assertEquals(new ProcessStatus(BYTES, BYTES), ProcessStatus.of(test, other));
    same(0, bound.iommufd().ioctl(bound.iommufd().block(Request.IOMMU_IOAS_CHANGE_PROCESS)));
    assertEquals(new ProcessStatus(BYTES, BYTES), ProcessStatus.of(test, SELF));
    assertEquals(new ProcessStatus(0, 0), ProcessStatus.of(test, other));
  }

  /** A file mapped and pinned by this process, in a mode of {@code IOMMU_OPTION_RLIMIT_MODE}. */
  private static BoundDevice withFile(KernelUnderTest test, int mode) {
    OpenIommufd iommufd = test.iommufd();
    ok(iommufd.setOption(iommufd_h.IOMMU_OPTION_RLIMIT_MODE(), 0, mode));
    BoundDevice bound = test.bound(iommufd, test.machine().lone().getFirst());
    int ioas = bound.ioas();
    bound.hwpt(ioas);
    ok(iommufd.mapFile(ioas, test.memfd(COUNT), 0, BYTES, IOVA));
    return bound;
  }

  private static int change(OtherProcess process, OpenIommufd iommufd) {
    return process.ioctl(iommufd, iommufd.block(Request.IOMMU_IOAS_CHANGE_PROCESS));
  }

  private static int mapBy(
      OtherProcess process, KernelUnderTest test, OpenIommufd iommufd, int ioas) {
    int file = test.memfd(COUNT);
    UserPages pages = test.pagesOf(file, COUNT);
    RequestBlock block =
        iommufd
            .block(Request.IOMMU_IOAS_MAP)
            .set("flags", iommufd_h.IOMMU_IOAS_MAP_FIXED_IOVA() | OpenIommufd.READ_WRITE)
            .set("ioas_id", ioas)
            .set("user_va", process.mapped(file, pages.address(), pages.bytes()))
            .set("length", BYTES)
            .set("iova", IOVA);
    return process.ioctl(iommufd, block);
  }
}
