// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.context;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.BUFFER;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.PAGE;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.OtherProcess;
import io.iommufd4j.conformance.ProcessStatus;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.MemlockLimit;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import io.iommufd4j.conformance.selftest.driver.SelftestFile;
import io.iommufd4j.conformance.selftest.driver.TestMemory;
import io.iommufd4j.kernel.Request;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code IOMMU_IOAS_CHANGE_PROCESS}: the pages that are pinned become another process' to pay. */
@Selftest
@MemlockLimit(pages = 1 << 12)
final class ChangeProcessTest {

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("change_process.basic")
  void pagesChangeHands(AccountingVariant variant, KernelUnderTest test) {
    SelftestFile file = SelftestFile.open(test);
    OpenIommufd iommufd = file.iommufd();
    boolean perProcess = variant == AccountingVariant.ACCOUNT_MM;
    if (variant != AccountingVariant.ACCOUNT_NONE) {
      int mode = iommufd_h.IOMMU_OPTION_RLIMIT_MODE();
      ok(iommufd.setOption(mode, 0, perProcess ? 1 : 0));
    }
    int ioas = file.ioas();
    file.mock().device(ioas).ok();
    RequestBlock change = iommufd.block(Request.IOMMU_IOAS_CHANGE_PROCESS);

    long iova = ok(iommufd.map(ioas, file.buffer().address(), PAGE));
    refused(EINVAL, iommufd.ioctl(change));
    ok(iommufd.unmap(ioas, iova, PAGE));

    ok(
        iommufd.ioctl(
            iommufd
                .block(Request.IOMMU_IOAS_MAP_FILE)
                .set("flags", OpenIommufd.READ_WRITE)
                .set("ioas_id", ioas)
                .set("fd", TestMemory.file(test, BUFFER).fd())
                .set("length", PAGE)));
    same(0, iommufd.ioctl(change));

    OtherProcess child = test.fork();
    long parent = ProcessHandle.current().pid();
    pays(test, parent, 1, perProcess ? 1 : 0);
    pays(test, child.pid(), 0, 0);
    same(0, child.ioctl(iommufd, change));
    pays(test, parent, 0, 0);
    pays(test, child.pid(), 1, perProcess ? 1 : 0);
    child.close();
  }

  /** Expects a process to have so many pages pinned, and locked where that is what is counted. */
  private static void pays(KernelUnderTest test, long pid, long pinned, long locked) {
    var expected = new ProcessStatus(locked * PAGE, pinned * PAGE);
    assertEquals(expected, ProcessStatus.of(test, Long.toString(pid)));
  }
}
