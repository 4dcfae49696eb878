// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.hints;

import static io.iommufd4j.kernel.Errno.EADDRINUSE;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.ENOTTY;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;

import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.vfio.VfioDevice;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** {@code IOMMU_HWPT_ALLOC}. */
@Conformance
final class HwptAllocHintTest {

  private static final long PAGE = UserPages.PAGE;
  private static final long BEYOND = 1L << 60;

  /** Does something with a device on an iommufd and an IOAS of it. */
  @FunctionalInterface
  private interface Body {
    void run(Iommufd iommufd, VfioDevice device, Ioas ioas);
  }

  private static void with(KernelUnderTest test, Body body) {
    try (var iommufd = Iommufd.open(test.kernel());
        var device = VfioDevice.open(test.kernel(), test.machine().lone().getFirst())) {
      device.bind(iommufd);
      body.run(iommufd, device, iommufd.newIoas());
    }
  }

  /**
   * A HWPT of an IOAS that maps or allows something cannot be made: for the reason named, or, where
   * the driver gives a page table its aperture only at attach, for that one.
   */
  private static Refusal addressInUse(
      KernelUnderTest test, Iommufd iommufd, VfioDevice device, Ioas ioas, Object... reason) {
    Refusal refusal = Refusal.of(EADDRINUSE, () -> iommufd.newHwpt(device, ioas));
    return settlesAtAttach(test)
        ? refusal.names("no aperture until a device is attached", "to the IOAS itself")
        : refusal.names(reason);
  }

  static boolean settlesAtAttach(KernelUnderTest test) {
    return test.machine().iommu().equals("virtio") && Release.of(test.kernel()).before(6, 16);
  }

  @Test
  void aDeviceThatIsNotBoundHere(KernelUnderTest test) {
    with(
        test,
        (iommufd, device, ioas) ->
            Refusal.of(ENOENT, () -> iommufd.newHwpt(new DeviceId(999), ioas.id(), Set.of()))
                .names("no device 999", "bind it here"));
  }

  @Test
  void aParentThatIsNone(KernelUnderTest test) {
    with(
        test,
        (iommufd, device, ioas) -> {
          for (int id : new int[] {999, device.id().value()}) {
            Refusal.of(EINVAL, () -> iommufd.newHwpt(device, new HwptId(id), Set.of()))
                .names("the parent, id " + id, "neither an IOAS nor a HWPT")
                .leavesOut("pinned", "nested");
          }
        });
  }

  @Test
  void aHwptAsAParent(KernelUnderTest test) {
    with(
        test,
        (iommufd, device, ioas) -> {
          var parent = iommufd.newHwpt(device, ioas);
          Refusal.of(EOPNOTSUPP, () -> iommufd.newHwpt(device, parent))
              .names("nested", "as data")
              .leavesOut("cannot do");
        });
  }

  @Test
  void flagsThatTheIommuLacks(KernelUnderTest test) {
    with(
        test,
        (iommufd, device, ioas) -> {
          for (HwptFlag flag : HwptFlag.values()) {
            if (makes(iommufd, device, ioas, flag)) {
              continue;
            }
            Refusal.of(EOPNOTSUPP, () -> iommufd.newHwpt(device, ioas, Set.of(flag)))
                .names("cannot do IOMMU_HWPT_ALLOC_" + flag)
                .leavesOut("nested");
          }
        });
  }

  private static boolean makes(Iommufd iommufd, VfioDevice device, Ioas ioas, HwptFlag flag) {
    try (var made = iommufd.newHwpt(device, ioas, Set.of(flag))) {
      return made.id().value() > 0;
    } catch (KernelException refused) {
      return false;
    }
  }

  @Test
  void aMappingBeyondTheAperture(KernelUnderTest test) {
    UserPages pages = test.pages(1);
    with(
        test,
        (iommufd, device, ioas) -> {
          ioas.map(pages.address(), PAGE, BEYOND, Access.READ_WRITE);
          if (AttachHintTest.reachesEverything(test) && !settlesAtAttach(test)) {
            iommufd.newHwpt(device, ioas);
            return;
          }
          addressInUse(
                  test,
                  iommufd,
                  device,
                  ioas,
                  "maps IOVA 0x" + Long.toHexString(BEYOND),
                  "beyond the aperture")
              .leavesOut("reserves", "allows 0x", "whole pages");
        });
  }

  @Test
  void anAllowedRangeBeyondTheAperture(KernelUnderTest test) {
    var allowed = new IovaRange(BEYOND, BEYOND + PAGE - 1);
    with(
        test,
        (iommufd, device, ioas) -> {
          ioas.allowIovas(List.of(allowed));
          if (AttachHintTest.reachesEverything(test) && !settlesAtAttach(test)) {
            iommufd.newHwpt(device, ioas);
            return;
          }
          addressInUse(test, iommufd, device, ioas, "allows " + allowed, "beyond the aperture")
              .leavesOut("reserves", "maps IOVA", "whole pages");
        });
  }

  @Test
  void aMappingThatIsNotOfWholePages(KernelUnderTest test) {
    UserPages pages = test.pages(1);
    with(
        test,
        (iommufd, device, ioas) -> {
          ioas.map(pages.address(), 100, 0x1001, Access.READ_WRITE);
          addressInUse(test, iommufd, device, ioas, "0x1001-0x1064", "whole pages of 4096 bytes")
              .leavesOut("reserves", "allows 0x", "beyond the aperture");
        });
  }

  @Test
  void memoryThatDoesNotStartOnAPage(KernelUnderTest test) {
    UserPages pages = test.pages(2);
    with(
        test,
        (iommufd, device, ioas) -> {
          ioas.map(pages.address() + 16, PAGE, PAGE, Access.READ_WRITE);
          addressInUse(test, iommufd, device, ioas, "does not start on a page")
              .leavesOut("reserves", "maps IOVA");
        });
  }

  @Test
  void anApertureThatIsNotSettledYet(KernelUnderTest test) {
    UserPages pages = test.pages(1);
    with(
        test,
        (iommufd, device, ioas) -> {
          ioas.map(pages.address(), PAGE, PAGE, Access.READ_WRITE);
          if (settlesAtAttach(test)) {
            addressInUse(test, iommufd, device, ioas).leavesOut("reserves", "unmap it");
          } else {
            iommufd.newHwpt(device, ioas);
          }
          device.attach(ioas);
        });
  }

  @Test
  void memoryThatIsGoneSinceItWasMapped(KernelUnderTest test) {
    UserPages pages = test.pages(1);
    with(
        test,
        (iommufd, device, ioas) -> {
          ioas.map(pages.address(), PAGE, PAGE, Access.READ_WRITE);
          pages.close();
          if (settlesAtAttach(test)) {
            addressInUse(test, iommufd, device, ioas);
            return;
          }
          Refusal.of(EFAULT, () -> iommufd.newHwpt(device, ioas))
              .names("memory that the IOAS maps cannot be pinned");
        });
  }

  @Test
  void aFileThatBecameShorter(KernelUnderTest test) {
    int file = test.memfd(2);
    with(
        test,
        (iommufd, device, ioas) -> {
          if (Release.of(test.kernel()).before(6, 13)) {
            Refusal.of(ENOTTY, () -> ioas.mapFile(file, 0, PAGE, PAGE, Access.READ))
                .names("Linux 6.13");
            return;
          }
          ioas.mapFile(file, 0, 2 * PAGE, PAGE, Access.READ_WRITE);
          Answers.ok(test.kernel().ftruncate(file, PAGE));
          Refusal.of(EINVAL, () -> iommufd.newHwpt(device, ioas))
              .names("a file that is mapped in the IOAS cannot be pinned", "shorter")
              .leavesOut("parent", "neither");
        });
  }
}
