// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.ioas;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.BUFFER;
import static io.iommufd4j.kernel.Errno.EFAULT;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.OtherProcess;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import io.iommufd4j.conformance.selftest.driver.MockAccess;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.TestMemory;
import io.iommufd4j.kernel.Request;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Memory that another process mapped, while it lives and after it is gone. Both processes share it
 * as a file's, since the second one may be a program of its own and not a fork of the first.
 */
@Selftest
final class ForkTest {

  private static final long START = MOCK_APERTURE_START();

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.fork_gone")
  void processIsGone(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    MockAccess access = ioas.mock().access(ioas.ioas(), 0);
    TestMemory memory = TestMemory.file(test, BUFFER);
    OtherProcess process = test.fork();
    mapBy(process, ioas, memory);
    process.close();
    MockDevice device = ioas.mock().device(ioas.ioas());
    if (ioas.attached()) {
      // All was pinned while the process was there: one domain's pages go to the next.
      device.ok();
      new AccessCheck(access, memory.memory(), START, 0).run();
    } else {
      refused(EFAULT, device.answer());
    }
    access.close();
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_ioas.fork_present")
  void processIsThere(IoasVariant variant, KernelUnderTest test) {
    IoasFixture ioas = IoasFixture.open(test, variant);
    MockAccess access = ioas.mock().access(ioas.ioas(), 0);
    TestMemory memory = TestMemory.file(test, BUFFER);
    OtherProcess process = test.fork();
    mapBy(process, ioas, memory);
    ioas.mock().device(ioas.ioas()).ok();
    new AccessCheck(access, memory.memory(), START, 0).run();
    process.close();
    access.close();
  }

  private static void mapBy(OtherProcess process, IoasFixture ioas, TestMemory memory) {
    OpenIommufd iommufd = ioas.iommufd();
    RequestBlock block =
        iommufd
            .block(Request.IOMMU_IOAS_MAP)
            .set("flags", iommufd_h.IOMMU_IOAS_MAP_FIXED_IOVA() | OpenIommufd.READ_WRITE)
            .set("ioas_id", ioas.ioas())
            .set("user_va", process.mapped(memory.fd(), memory.address(), memory.bytes()))
            .set("length", memory.bytes())
            .set("iova", START);
    ok(process.ioctl(iommufd, block));
  }
}
