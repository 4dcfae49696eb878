// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.hints;

import static io.iommufd4j.kernel.Errno.EADDRINUSE;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.Hwpt;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.IommufdRef;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.vfio.VfioDevice;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** {@code VFIO_DEVICE_ATTACH_IOMMUFD_PT}, to attach and to replace. */
@Conformance
final class AttachHintTest {

  private static final long PAGE = UserPages.PAGE;
  private static final long BEYOND = 1L << 60;
  private static final String[] OTHERS_OF_EADDRINUSE = {
    "somebody allowed", "whole pages", "does not start"
  };

  /** A device on an iommufd, with an empty IOAS. */
  private record Bench(Iommufd iommufd, VfioDevice device, Ioas ioas) implements AutoCloseable {

    static Bench of(KernelUnderTest test) {
      var iommufd = Iommufd.open(test.kernel());
      var device = VfioDevice.open(test.kernel(), test.machine().lone().getFirst());
      device.bind(iommufd);
      return new Bench(iommufd, device, iommufd.newIoas());
    }

    @Override
    public void close() {
      iommufd.close();
      device.close();
    }
  }

  /**
   * True if page tables of this IOMMU hold {@link #BEYOND}; asked of a device no test here uses.
   */
  static boolean reachesEverything(KernelUnderTest test) {
    try (var iommufd = Iommufd.open(test.kernel());
        var device = VfioDevice.open(test.kernel(), test.machine().lone().getLast())) {
      device.bind(iommufd);
      Ioas ioas = iommufd.newIoas();
      device.attach(ioas);
      return ioas.iovaRanges().ranges().stream().anyMatch(range -> range.contains(BEYOND));
    }
  }

  /**
   * True if a replace is refused for another reason: old virtio-iommu drivers give a page table its
   * aperture only at attach, and a replace fills it before.
   */
  private static boolean unsettled(KernelUnderTest test, Bench bench) {
    boolean settlesAtAttach = HwptAllocHintTest.settlesAtAttach(test);
    if (settlesAtAttach) {
      Refusal.of(EADDRINUSE, () -> bench.device().replace(bench.ioas()))
          .names("no aperture until a device is attached", "detached if need be");
    }
    return settlesAtAttach;
  }

  @Test
  void anIdOfNothing(KernelUnderTest test) {
    try (var bench = Bench.of(test)) {
      Refusal.of(ENOENT, () -> bench.device().attach(new HwptId(999))).names("no object 999");
      bench.device().attach(bench.ioas());
      Refusal.of(ENOENT, () -> bench.device().replace(new HwptId(999))).names("no object 999");
    }
  }

  @Test
  void anIdOfADevice(KernelUnderTest test) {
    try (var bench = Bench.of(test)) {
      int id = bench.device().id().value();
      Refusal.of(EINVAL, () -> bench.device().attach(new HwptId(id)))
          .names("object " + id, "neither an IOAS nor a HWPT")
          .leavesOut("sibling", "fit");
    }
  }

  @Test
  void aSiblingThatIsAttachedElsewhere(KernelUnderTest test) {
    String first = test.machine().pair().getFirst().toString();
    String second = test.machine().pair().getLast().toString();
    try (var iommufd = Iommufd.open(test.kernel());
        var device = VfioDevice.open(test.kernel(), PciAddress.parse(first));
        var sibling = VfioDevice.open(test.kernel(), PciAddress.parse(second))) {
      device.bind(iommufd);
      sibling.bind(iommufd);
      Hwpt theirs = iommufd.newHwpt(sibling, iommufd.newIoas());
      Hwpt other = iommufd.newHwpt(device, iommufd.newIoas());
      sibling.attach(theirs);
      Refusal.of(EINVAL, () -> device.attach(other))
          .names(second + " to " + theirs, "share one page table")
          .leavesOut("neither", "does not fit");
      Refusal.of(EINVAL, () -> device.attach(iommufd.newIoas()))
          .names(second + " to " + theirs, "share one page table")
          .leavesOut("neither", "does not fit");
    }
  }

  @Test
  void aMappingWhereTheGroupReserves(KernelUnderTest test) {
    long reserved = test.machine().reservedIova();
    UserPages pages = test.pages(1);
    try (var bench = Bench.of(test)) {
      Ioas before = bench.iommufd().newIoas();
      bench.device().attach(before);
      bench.ioas().map(pages.address(), PAGE, reserved, Access.READ_WRITE);
      if (!unsettled(test, bench)) {
        Refusal.of(EADDRINUSE, () -> bench.device().replace(bench.ioas()))
            .names("maps IOVA 0x" + Long.toHexString(reserved), " msi", "group")
            .leavesOut(OTHERS_OF_EADDRINUSE)
            .leavesOut("allows", "aperture");
      }
      bench.device().detach();
      Refusal.of(EADDRINUSE, () -> bench.device().attach(bench.ioas()))
          .names("maps IOVA 0x" + Long.toHexString(reserved), " msi", "group")
          .leavesOut(OTHERS_OF_EADDRINUSE)
          .leavesOut("allows", "aperture");
    }
  }

  @Test
  void aMappingWhereTheGroupReservesByHwpt(KernelUnderTest test) {
    long reserved = test.machine().reservedIova() + 7 * PAGE;
    UserPages pages = test.pages(1);
    try (var bench = Bench.of(test)) {
      Hwpt hwpt = bench.iommufd().newHwpt(bench.device(), bench.ioas());
      if (HwptAllocHintTest.settlesAtAttach(test)) {
        Refusal.of(
                EINVAL, () -> bench.ioas().map(pages.address(), PAGE, reserved, Access.READ_WRITE))
            .names("reaches into 0x1-");
        return;
      }
      bench.ioas().map(pages.address(), PAGE, reserved, Access.READ_WRITE);
      Refusal.of(EADDRINUSE, () -> bench.device().attach(hwpt))
          .names("maps IOVA 0x" + Long.toHexString(reserved), " msi")
          .leavesOut(OTHERS_OF_EADDRINUSE)
          .leavesOut("allows", "aperture");
      bench.device().attach(bench.iommufd().newIoas());
      Refusal.of(EADDRINUSE, () -> bench.device().replace(hwpt))
          .names("maps IOVA 0x" + Long.toHexString(reserved), " msi")
          .leavesOut(OTHERS_OF_EADDRINUSE)
          .leavesOut("allows", "aperture");
    }
  }

  @Test
  void anAllowedRangeWhereTheGroupReserves(KernelUnderTest test) {
    long reserved = test.machine().reservedIova();
    var allowed = new IovaRange(reserved - PAGE, reserved + PAGE - 1);
    try (var bench = Bench.of(test)) {
      bench.ioas().allowIovas(List.of(allowed));
      Refusal.of(EADDRINUSE, () -> bench.device().attach(bench.ioas()))
          .names("allows " + allowed, "IOMMU_IOAS_ALLOW_IOVAS", " msi")
          .leavesOut(OTHERS_OF_EADDRINUSE)
          .leavesOut("maps IOVA", "aperture");
      bench.device().attach(bench.iommufd().newIoas());
      if (unsettled(test, bench)) {
        return;
      }
      Refusal.of(EADDRINUSE, () -> bench.device().replace(bench.ioas()))
          .names("allows " + allowed, "IOMMU_IOAS_ALLOW_IOVAS", " msi")
          .leavesOut(OTHERS_OF_EADDRINUSE)
          .leavesOut("maps IOVA", "aperture");
    }
  }

  @Test
  void anAllowedRangeThatSomebodyElseSet(KernelUnderTest test) {
    long reserved = test.machine().reservedIova();
    try (var bench = Bench.of(test)) {
      var elsewhere = IommufdRef.of(test.kernel(), bench.iommufd().fd());
      var range = new IovaRange(reserved, reserved + PAGE - 1);
      elsewhere.ioas(bench.ioas().id()).allowIovas(List.of(range));
      Refusal.of(EADDRINUSE, () -> bench.device().attach(bench.ioas()))
          .names("somebody allowed", "IOMMU_IOAS_ALLOW_IOVAS", " msi")
          .leavesOut("maps IOVA");
    }
  }

  @Test
  void aMappingBeyondTheAperture(KernelUnderTest test) {
    UserPages pages = test.pages(1);
    try (var bench = Bench.of(test)) {
      bench.ioas().map(pages.address(), PAGE, BEYOND, Access.READ_WRITE);
      if (reachesEverything(test)) {
        bench.device().attach(bench.ioas());
        return;
      }
      Refusal.of(EADDRINUSE, () -> bench.device().attach(bench.ioas()))
          .names("maps IOVA 0x" + Long.toHexString(BEYOND), "beyond the aperture")
          .leavesOut(OTHERS_OF_EADDRINUSE)
          .leavesOut("allows", "reserves");
    }
  }

  @Test
  void anAllowedRangeBeyondTheAperture(KernelUnderTest test) {
    var allowed = new IovaRange(BEYOND, BEYOND + PAGE - 1);
    try (var bench = Bench.of(test)) {
      bench.ioas().allowIovas(List.of(allowed));
      if (reachesEverything(test)) {
        bench.device().attach(bench.ioas());
        return;
      }
      Refusal.of(EADDRINUSE, () -> bench.device().attach(bench.ioas()))
          .names("allows " + allowed, "beyond the aperture")
          .leavesOut(OTHERS_OF_EADDRINUSE)
          .leavesOut("maps IOVA", "reserves");
    }
  }

  @Test
  void memoryThatIsGoneSinceItWasMapped(KernelUnderTest test) {
    UserPages pages = test.pages(1);
    try (var bench = Bench.of(test)) {
      bench.ioas().map(pages.address(), PAGE, PAGE, Access.READ_WRITE);
      pages.close();
      Refusal.of(EFAULT, () -> bench.device().attach(bench.ioas()))
          .names("memory that the IOAS maps cannot be pinned", "unmapped");
    }
  }

  @Test
  void aPasidOnAPageTableWithoutThem(KernelUnderTest test) {
    boolean older = Release.of(test.kernel()).before(6, 15);
    try (var bench = Bench.of(test)) {
      Hwpt hwpt = bench.iommufd().newHwpt(bench.device(), bench.ioas());
      Refusal.of(EINVAL, () -> bench.device().attachPasid(1, hwpt.id()))
          .names(older ? "Linux 6.15" : hwpt + " was not made for PASIDs")
          .leavesOut("neither", "sibling");
      Refusal.of(EINVAL, () -> bench.device().attachPasid(1, bench.ioas().id()))
          .names(older ? "Linux 6.15" : "an IOAS makes page tables without PASIDs")
          .leavesOut("neither", "sibling");
    }
  }

  /** An IOMMU that makes such page tables attaches them to any device, with PASIDs or not. */
  @Test
  void aPasidBesideAPageTableWithoutThem(KernelUnderTest test) {
    try (var bench = Bench.of(test)) {
      Hwpt hwpt;
      try {
        hwpt = bench.iommufd().newHwpt(bench.device(), bench.ioas(), Set.of(HwptFlag.PASID));
      } catch (KernelException refused) {
        assertEquals(EOPNOTSUPP, refused.errno());
        return;
      }
      Hwpt plain = bench.iommufd().newHwpt(bench.device(), bench.ioas());
      bench.device().attach(plain);
      Refusal.of(EINVAL, () -> bench.device().attachPasid(1, hwpt.id()))
          .names("the device itself is attached to " + plain, "not made for PASIDs");
      bench.device().detach();
      bench.device().attachPasid(1, hwpt.id());
      Refusal.of(EINVAL, () -> bench.device().attach(plain))
          .names("PASIDs of the device are attached", plain + " is none");
      Refusal.of(EINVAL, () -> bench.device().attach(bench.ioas()))
          .names("PASIDs of the device are attached", bench.ioas() + " is none");
    }
  }
}
