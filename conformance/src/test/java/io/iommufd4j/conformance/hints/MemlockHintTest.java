// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.hints;

import static io.iommufd4j.kernel.Errno.ENOMEM;

import io.iommufd4j.Iommufd;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.extension.MemlockLimit;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.vfio.VfioDevice;
import org.junit.jupiter.api.Test;

/** ENOMEM of a process that may not pin more. */
@Conformance
@MemlockLimit(pages = 16)
final class MemlockHintTest {

  private static final long PAGE = UserPages.PAGE;
  private static final long IOVA = 0x100_0000;

  @Test
  void theLimitAndTheUseAreShown(KernelUnderTest test) {
    UserPages pages = test.pages(32);
    try (var iommufd = Iommufd.open(test.kernel());
        var device = VfioDevice.open(test.kernel(), test.machine().lone().getFirst())) {
      device.bind(iommufd);
      var late = iommufd.newIoas();
      late.map(pages.address(), 32 * PAGE, IOVA, Access.READ);
      Refusal.of(ENOMEM, () -> device.attach(late))
          .names("RLIMIT_MEMLOCK", "65536 bytes", "0 MiB pinned");
      var ioas = iommufd.newIoas();
      device.attach(ioas);
      ioas.map(pages.address(), 12 * PAGE, IOVA, Access.READ);
      Refusal.of(ENOMEM, () -> ioas.map(pages.address(), 8 * PAGE, 2 * IOVA, Access.READ))
          .names("RLIMIT_MEMLOCK", "65536 bytes", "49152 bytes pinned", "RLIMIT_MODE");
    }
  }
}
