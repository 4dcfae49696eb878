// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import static io.iommufd4j.sim.iommufd.Bench.PAGE;
import static io.iommufd4j.sim.iommufd.Bench.answer;
import static io.iommufd4j.sim.iommufd.Bench.refused;
import static io.iommufd4j.sim.iommufd.Bench.succeeded;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.driver.IommuUnit;
import io.iommufd4j.sim.driver.ModelDriver;
import io.iommufd4j.sim.driver.VirtioIommu;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuGroup;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AttachTest {

  private static final int NO_PASID = IommuGroup.NO_PASID;
  private static final String BELOW_MSI = "0-7ffffff";

  private final Bench bench = new Bench();

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  void bindGivesTheLowestFreeIdAndClaimsTheGroup() {
    int ioas = bench.ioas();
    IommufdDevice device = bench.boundDevice();
    assertEquals(1, ioas);
    assertEquals(2, device.id());
    refused(Errno.EBUSY, bench.destroy(device.id()));
    refused(Errno.EPERM, answer(() -> bindElsewhere(device.hardware())));
  }

  private int bindElsewhere(IommuDevice hardware) {
    try (Bench other = new Bench()) {
      return other.bind(hardware).id();
    }
  }

  @Test
  void attachToAnIoasMakesAnAutomaticHwptThatGoesWithTheLastDevice() {
    int ioas = bench.ioas();
    IommufdDevice device = bench.boundDevice();
    int hwpt = device.attach(NO_PASID, ioas);
    assertEquals(3, hwpt);
    refused(Errno.EBUSY, bench.destroy(hwpt));
    refused(Errno.EBUSY, bench.destroy(ioas));
    refused(Errno.EBUSY, answer(() -> device.attach(NO_PASID, ioas)));
    device.detach(NO_PASID);
    refused(Errno.ENOENT, bench.destroy(hwpt));
    succeeded(bench.destroy(ioas));
  }

  @Test
  void compatibleDevicesShareAnAutomaticHwpt() {
    ModelDriver driver = IommuPreset.VTD.driver(false);
    int ioas = bench.ioas();
    IommufdDevice one = bench.bind(bench.group(driver, 1).getFirst());
    IommufdDevice two = bench.bind(bench.group(driver, 1).getFirst());
    IommufdDevice alien = bench.boundDevice();
    int hwpt = one.attach(NO_PASID, ioas);
    assertEquals(hwpt, two.attach(NO_PASID, ioas));
    assertNotEquals(hwpt, alien.attach(NO_PASID, ioas));
  }

  @Test
  void attachNeedsAnIoasOrHwpt() {
    IommufdDevice device = bench.boundDevice();
    refused(Errno.ENOENT, answer(() -> device.attach(NO_PASID, 0)));
    refused(Errno.ENOENT, answer(() -> device.attach(NO_PASID, 77)));
    refused(Errno.EINVAL, answer(() -> device.attach(NO_PASID, device.id())));
    refused(Errno.EINVAL, answer(() -> device.replace(NO_PASID, bench.ioas())));
  }

  @Test
  void replaceMovesTheWholeGroupAndItsUsers() {
    ModelDriver driver = IommuPreset.SMMUV3.driver(false);
    List<IommuDevice> hardware = bench.group(driver, 2);
    IommufdDevice one = bench.bind(hardware.get(0));
    IommufdDevice two = bench.bind(hardware.get(1));
    int ioas = bench.ioas();
    int a = succeeded(bench.hwpt(one, ioas, 0));
    int b = succeeded(bench.hwpt(one, ioas, 0));
    assertEquals(a, one.attach(NO_PASID, a));
    refused(Errno.EINVAL, answer(() -> two.attach(NO_PASID, b)));
    assertEquals(a, two.attach(NO_PASID, a));

    assertEquals(b, one.replace(NO_PASID, b));
    assertSame(hardware.get(0).steered(), hardware.get(1).steered());
    succeeded(bench.destroy(a));
    refused(Errno.EBUSY, bench.destroy(b));
    one.detach(NO_PASID);
    assertSame(hardware.get(0).steered(), hardware.get(1).steered());
    refused(Errno.EBUSY, bench.destroy(b));
    refused(Errno.EINVAL, answer(() -> one.replace(NO_PASID, ioas)));
    two.detach(NO_PASID);
    succeeded(bench.destroy(b));
  }

  @Test
  void replaceWithTheSameHwptDoesNothing() {
    IommufdDevice device = bench.boundDevice();
    int ioas = bench.ioas();
    int hwpt = device.attach(NO_PASID, ioas);
    assertEquals(hwpt, device.replace(NO_PASID, hwpt));
    assertEquals(hwpt, device.replace(NO_PASID, ioas));
    refused(Errno.EBUSY, bench.destroy(hwpt));
  }

  @Test
  void replaceToAnotherIoasEndsTheOldAutomaticHwpt() {
    IommufdDevice device = bench.boundDevice();
    int first = bench.ioas();
    int second = bench.ioas();
    int old = device.attach(NO_PASID, first);
    assertEquals(List.of(BELOW_MSI, "8100000-ffffffffffff"), bench.ranges(first));
    assertEquals(List.of("0-ffffffffffffffff"), bench.ranges(second));
    int now = device.replace(NO_PASID, second);
    assertNotEquals(old, now);
    refused(Errno.ENOENT, bench.destroy(old));
    assertEquals(List.of("0-ffffffffffffffff"), bench.ranges(first));
    assertEquals(List.of(BELOW_MSI, "8100000-ffffffffffff"), bench.ranges(second));
    succeeded(bench.destroy(first));
  }

  @Test
  void mappedReservedIovasRefuseAReplaceAndChangeNothing() {
    IommufdDevice device = bench.boundDevice();
    int first = bench.ioas();
    int second = bench.ioas();
    succeeded(bench.mapFixed(second, bench.pages(1), PAGE, 0x8000000));
    int hwpt = device.attach(NO_PASID, first);
    var before = device.hardware().steered();
    refused(Errno.EADDRINUSE, answer(() -> device.replace(NO_PASID, second)));
    assertSame(before, device.hardware().steered());
    assertEquals(hwpt, device.replace(NO_PASID, hwpt));
    assertEquals(List.of("0-ffffffffffffffff"), bench.ranges(second));
  }

  @Test
  void aHwptOfAnotherIommuDoesNotFit() {
    IommuUnit wide = IommuPreset.VIRTIO.unit(false);
    var driver = new VirtioIommu(wide);
    IommuDevice there = bench.group(driver, 1).getFirst();
    var elsewhere = new IommuDevice("0000:7f:00.0", driver, 0, false, true);
    driver.place(elsewhere, wide.withAperture("virtio1", 0xffff_ffffL));
    new IommuGroup(99).add(elsewhere);
    IommufdDevice one = bench.bind(there);
    IommufdDevice two = bench.bind(elsewhere);
    int ioas = bench.ioas();
    int hwpt = succeeded(bench.hwpt(one, ioas, 0));
    refused(Errno.EINVAL, answer(() -> two.attach(NO_PASID, hwpt)));
    int own = two.attach(NO_PASID, ioas);
    refused(Errno.EINVAL, answer(() -> two.replace(NO_PASID, hwpt)));
    assertEquals(own, two.replace(NO_PASID, own));
  }

  @Test
  void pasidsNeedHwptsMadeForThem() {
    IommufdDevice device = bench.boundDevice();
    int ioas = bench.ioas();
    int plain = succeeded(bench.hwpt(device, ioas, 0));
    int able = succeeded(bench.hwpt(device, ioas, iommufd_h.IOMMU_HWPT_ALLOC_PASID()));
    int other = succeeded(bench.hwpt(device, ioas, iommufd_h.IOMMU_HWPT_ALLOC_PASID()));
    refused(Errno.EINVAL, answer(() -> device.attach(1, plain)));
    refused(Errno.EINVAL, answer(() -> device.attach(1, ioas)));
    assertEquals(able, device.attach(1, able));
    refused(Errno.EINVAL, answer(() -> device.attach(NO_PASID, plain)));
    assertEquals(other, device.replace(1, other));
    succeeded(bench.destroy(able));
    assertEquals(List.of("0-ffffffffffff"), bench.ranges(ioas));
    device.detach(1);
    assertEquals(plain, device.attach(NO_PASID, plain));
    refused(Errno.EINVAL, answer(() -> device.attach(1, other)));
  }

  @Test
  void theContextLivesOnWhileADeviceIsBound() {
    try (Bench other = new Bench()) {
      IommufdDevice device = other.boundDevice();
      other.context.put();
      assertEquals(1, other.context.objectCount());
      assertEquals(device.id(), other.context.objectCount());
      other.context.get();
    }
  }
}
