// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.hints;

import static io.iommufd4j.kernel.Errno.EBADF;
import static io.iommufd4j.kernel.Errno.EEXIST;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOTTY;

import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.vfio.VfioDevice;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** {@code IOMMU_IOAS_MAP_FILE}. */
@Conformance
final class MapFileHintTest {

  private static final long PAGE = UserPages.PAGE;
  private static final long IOVA = 0x100_0000;

  /** Does something with an IOAS; on a kernel that maps no files, expects that errno. */
  private static void attached(KernelUnderTest test, Consumer<Ioas> body) {
    try (var iommufd = Iommufd.open(test.kernel());
        var device = VfioDevice.open(test.kernel(), test.machine().lone().getFirst())) {
      device.bind(iommufd);
      Ioas ioas = iommufd.newIoas();
      device.attach(ioas);
      if (Release.of(test.kernel()).before(6, 13)) {
        Refusal.of(ENOTTY, () -> ioas.mapFile(test.memfd(1), 0, PAGE, IOVA, Access.READ))
            .names("Linux 6.13 brought IOMMU_IOAS_MAP_FILE");
        return;
      }
      body.accept(ioas);
    }
  }

  @Test
  void aDescriptorThatIsNotOpen(KernelUnderTest test) {
    attached(
        test,
        ioas ->
            Refusal.of(EBADF, () -> ioas.mapFile(9999, 0, PAGE, IOVA, Access.READ))
                .names("descriptor 9999", "not open"));
  }

  @Test
  void aFileThatCannotBePinned(KernelUnderTest test) {
    int eventFd = test.eventFd().fd();
    attached(
        test,
        ioas ->
            Refusal.of(EINVAL, () -> ioas.mapFile(eventFd, 0, PAGE, IOVA, Access.READ))
                .names("cannot be pinned", "descriptor " + eventFd, "anon_inode:[eventfd]", "memfd")
                .leavesOut("multiple", "reaches into", "ends"));
  }

  @Test
  void aRangeBehindTheFilesEnd(KernelUnderTest test) {
    int file = test.memfd(2);
    attached(
        test,
        ioas ->
            Refusal.of(EINVAL, () -> ioas.mapFile(file, PAGE, 2 * PAGE, IOVA, Access.READ))
                .names("the file ends", "12288")
                .leavesOut("multiple", "reaches into", "cannot be pinned"));
  }

  @Test
  void whatIsNotOfWholePagesOrReserved(KernelUnderTest test) {
    int file = test.memfd(4);
    long reserved = test.machine().reservedIova();
    attached(
        test,
        ioas -> {
          Refusal.of(EINVAL, () -> ioas.mapFile(file, 8, PAGE, IOVA, Access.READ))
              .names("the offset in the file, 0x8,", "multiple of 4096")
              .leavesOut("pinned", "ends");
          Refusal.of(EINVAL, () -> ioas.mapFile(file, 0, 0, IOVA, Access.READ))
              .names("the length is 0")
              .leavesOut("pinned", "ends");
          Refusal.of(EINVAL, () -> ioas.mapFile(file, 0, PAGE, reserved, Access.READ))
              .names("reaches into 0x" + Long.toHexString(reserved))
              .leavesOut("pinned", "ends");
          ioas.mapFile(file, 0, PAGE, IOVA, Access.READ);
          Refusal.of(EEXIST, () -> ioas.mapFile(file, 0, PAGE, IOVA, Access.READ))
              .names(new IovaRange(IOVA, IOVA + PAGE - 1));
        });
  }
}
