// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.hints;

import static io.iommufd4j.kernel.Errno.EEXIST;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.ENOSPC;
import static io.iommufd4j.kernel.Errno.EOVERFLOW;
import static io.iommufd4j.kernel.Errno.EPERM;

import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.vfio.PciRegion;
import io.iommufd4j.vfio.VfioDevice;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@code IOMMU_IOAS_MAP}, {@code IOMMU_IOAS_COPY} and {@code IOMMU_IOAS_UNMAP}. */
@Conformance
final class MapHintTest {

  private static final long PAGE = UserPages.PAGE;
  private static final long IOVA = 0x100_0000;

  private static final String[] OTHERS_OF_EINVAL = {"length is 0", "reaches into", "wraps"};

  /** Does something with an IOAS whose mappings a device sees. */
  @FunctionalInterface
  private interface Body {
    void run(Iommufd iommufd, VfioDevice device, Ioas ioas);
  }

  private static void attached(KernelUnderTest test, Body body) {
    try (var iommufd = Iommufd.open(test.kernel());
        var device = VfioDevice.open(test.kernel(), test.machine().lone().getFirst())) {
      device.bind(iommufd);
      Ioas ioas = iommufd.newIoas();
      device.attach(ioas);
      body.run(iommufd, device, ioas);
    }
  }

  @Test
  void noBytes(KernelUnderTest test) {
    long memory = test.pages(1).address();
    attached(
        test,
        (iommufd, device, ioas) ->
            Refusal.of(EINVAL, () -> ioas.map(memory, 0, IOVA, Access.READ))
                .names("the length is 0")
                .leavesOut("multiple", "reaches into"));
  }

  @Test
  void whatIsNotOfWholePages(KernelUnderTest test) {
    long memory = test.pages(2).address();
    attached(
        test,
        (iommufd, device, ioas) -> {
          Refusal.of(EINVAL, () -> ioas.map(memory, 100, IOVA, Access.READ))
              .names("the length, 100 bytes,", "multiple of 4096")
              .leavesOut(OTHERS_OF_EINVAL);
          Refusal.of(EINVAL, () -> ioas.map(memory, PAGE, IOVA + 8, Access.READ))
              .names("the IOVA, 0x1000008,", "multiple of 4096")
              .leavesOut(OTHERS_OF_EINVAL);
          Refusal.of(EINVAL, () -> ioas.map(memory + 8, PAGE, IOVA, Access.READ))
              .names("the memory's address, 0x" + Long.toHexString(memory + 8), "multiple of 4096")
              .leavesOut(OTHERS_OF_EINVAL);
          Refusal.of(EINVAL, () -> ioas.map(memory + 8, PAGE, Access.READ))
              .names("the memory's address, 0x" + Long.toHexString(memory + 8), "multiple of 4096")
              .leavesOut(OTHERS_OF_EINVAL);
        });
  }

  @Test
  void anIovaThatIsReserved(KernelUnderTest test) {
    long memory = test.pages(2).address();
    long reserved = test.machine().reservedIova();
    attached(
        test,
        (iommufd, device, ioas) -> {
          Refusal.of(EINVAL, () -> ioas.map(memory, 2 * PAGE, reserved - PAGE, Access.READ))
              .names(
                  "reaches into 0x" + Long.toHexString(reserved),
                  "maps within " + ioas.iovaRanges().ranges().getFirst())
              .leavesOut("multiple", "length is 0");
          if (AttachHintTest.reachesEverything(test)) {
            ioas.map(memory, PAGE, 1L << 60, Access.READ);
            return;
          }
          Refusal.of(EINVAL, () -> ioas.map(memory, PAGE, 1L << 60, Access.READ))
              .names("reaches into", "-0xffffffffffffffff")
              .leavesOut("multiple", "length is 0");
        });
  }

  @Test
  void whatWrapsAround(KernelUnderTest test) {
    UserPages pages = test.pages(2);
    attached(
        test,
        (iommufd, device, ioas) -> {
          Refusal.of(EOVERFLOW, () -> ioas.map(pages.address(), PAGE, -1L, Access.READ))
              .names("the last IOVA")
              .leavesOut("reaches into");
          Refusal.of(EOVERFLOW, () -> ioas.map(pages.address(), 2 * PAGE, -PAGE, Access.READ))
              .names("the IOVA range wraps around")
              .leavesOut("reaches into", "multiple");
          Refusal.of(EOVERFLOW, () -> ioas.map(-PAGE, 2 * PAGE, IOVA, Access.READ))
              .names("the memory's address wraps around")
              .leavesOut("reaches into", "multiple");
        });
  }

  @Test
  void anIovaThatIsTaken(KernelUnderTest test) {
    long memory = test.pages(8).address();
    attached(
        test,
        (iommufd, device, ioas) -> {
          ioas.map(memory, 3 * PAGE, IOVA, Access.READ);
          Refusal.of(EEXIST, () -> ioas.map(memory, 4 * PAGE, IOVA + 2 * PAGE, Access.READ))
              .names(new IovaRange(IOVA + 2 * PAGE, IOVA + 3 * PAGE - 1), "already");
        });
  }

  @Test
  void noRoomLeft(KernelUnderTest test) {
    long memory = test.pages(8).address();
    attached(
        test,
        (iommufd, device, ioas) -> {
          ioas.allowIovas(List.of(new IovaRange(IOVA, IOVA + 4 * PAGE - 1)));
          Refusal.of(ENOSPC, () -> ioas.map(memory, 8 * PAGE, Access.READ))
              .names("no free IOVA range holds 32768 bytes", "IOMMU_IOAS_ALLOW_IOVAS");
        });
  }

  @Test
  void memoryThatIsNotThere(KernelUnderTest test) {
    long bad = test.badAddress();
    attached(
        test,
        (iommufd, device, ioas) ->
            Refusal.of(EFAULT, () -> ioas.map(bad, PAGE, IOVA, Access.READ))
                .names("nothing is mapped in this process at 0x" + Long.toHexString(bad))
                .leavesOut("read-only", "BAR"));
  }

  @Test
  void memoryThatEndsTooSoon(KernelUnderTest test) {
    UserPages edge = test.pageBeforeNothing();
    long end = edge.address() + PAGE;
    attached(
        test,
        (iommufd, device, ioas) ->
            Refusal.of(EFAULT, () -> ioas.map(edge.address(), 2 * PAGE, IOVA, Access.READ))
                .names("nothing is mapped in this process at 0x" + Long.toHexString(end))
                .leavesOut("read-only", "BAR"));
  }

  @Test
  void memoryThatIsReadOnly(KernelUnderTest test) {
    UserPages pages = test.readOnlyPages(1);
    attached(
        test,
        (iommufd, device, ioas) ->
            Refusal.of(EFAULT, () -> ioas.map(pages.address(), PAGE, IOVA, Access.READ_WRITE))
                .names("is read-only", "the device would write")
                .leavesOut("nothing is mapped", "BAR"));
  }

  @Test
  void aDevicesBar(KernelUnderTest test) {
    attached(
        test,
        (iommufd, device, ioas) -> {
          try (var bar = device.mapRegion(PciRegion.BAR0)) {
            Refusal.of(EFAULT, () -> ioas.map(bar.segment(), IOVA, Access.READ_WRITE))
                .names("BAR", "dma-buf", "IOMMU_IOAS_MAP_FILE")
                .leavesOut("nothing is mapped", "read-only");
          }
        });
  }

  @Test
  void anIoasThatIsNotThere(KernelUnderTest test) {
    long memory = test.pages(1).address();
    attached(
        test,
        (iommufd, device, ioas) -> {
          var none = iommufd.ioas(new IoasId(999));
          Refusal.of(ENOENT, () -> none.map(memory, PAGE, IOVA, Access.READ))
              .names("no such object");
          Refusal.of(ENOENT, () -> none.unmap(IOVA, PAGE)).names("no IOAS 999");
        });
  }

  @Test
  void aCopyOfWhatIsNotThere(KernelUnderTest test) {
    long memory = test.pages(2).address();
    attached(
        test,
        (iommufd, device, ioas) -> {
          Ioas source = iommufd.newIoas();
          source.map(memory, PAGE, IOVA, Access.READ);
          Refusal.of(ENOENT, () -> ioas.copyFrom(source, IOVA, 2 * PAGE, IOVA, Access.READ))
              .names("the source, " + source, "does not map all of");
          var none = iommufd.ioas(new IoasId(999));
          Refusal.of(ENOENT, () -> ioas.copyFrom(none, IOVA, PAGE, IOVA, Access.READ))
              .names("no source IOAS 999")
              .leavesOut("does not map");
          Refusal.of(ENOENT, () -> none.copyFrom(source, IOVA, PAGE, IOVA, Access.READ))
              .names("no IOAS 999")
              .leavesOut("does not map");
        });
  }

  @Test
  void aCopyThatIsRefusedItsPlaceOrAccess(KernelUnderTest test) {
    long memory = test.pages(2).address();
    long reserved = test.machine().reservedIova();
    attached(
        test,
        (iommufd, device, ioas) -> {
          Ioas source = iommufd.newIoas();
          source.map(memory, PAGE, IOVA, Access.READ);
          Refusal.of(EPERM, () -> ioas.copyFrom(source, IOVA, PAGE, IOVA, Access.READ_WRITE))
              .names(source + " maps this memory for reading only");
          Refusal.of(EINVAL, () -> ioas.copyFrom(source, IOVA, PAGE, reserved, Access.READ))
              .names("reaches into 0x" + Long.toHexString(reserved));
          ioas.copyFrom(source, IOVA, PAGE, IOVA, Access.READ);
          Refusal.of(EEXIST, () -> ioas.copyFrom(source, IOVA, PAGE, IOVA, Access.READ))
              .names(new IovaRange(IOVA, IOVA + PAGE - 1));
        });
  }

  @Test
  void anUnmapOfNothingOrOfAPart(KernelUnderTest test) {
    long memory = test.pages(4).address();
    attached(
        test,
        (iommufd, device, ioas) -> {
          ioas.map(memory, 4 * PAGE, IOVA, Access.READ);
          Refusal.of(ENOENT, () -> ioas.unmap(2 * IOVA, PAGE))
              .names("nothing is mapped within 0x2000000-0x2000fff")
              .leavesOut("cuts");
          Refusal.of(ENOENT, () -> ioas.unmap(IOVA + PAGE, PAGE))
              .names("cuts a mapping in two")
              .leavesOut("nothing is mapped");
          Refusal.of(EINVAL, () -> ioas.unmap(IOVA, 0)).names("the length is 0");
          Refusal.of(EOVERFLOW, () -> ioas.unmap(IOVA, -PAGE)).names("wraps around");
        });
  }
}
