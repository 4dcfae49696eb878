// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.DriverMapping;
import io.iommufd4j.HwQueue;
import io.iommufd4j.Hwpt;
import io.iommufd4j.Iommufd;
import io.iommufd4j.Vdevice;
import io.iommufd4j.Viommu;
import io.iommufd4j.bindings.selftest.iommu_viommu_selftest;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.Needs;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.data.HwQueueType;
import io.iommufd4j.data.HwptData;
import io.iommufd4j.data.HwptSpec;
import io.iommufd4j.data.ViommuData;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.vfio.VfioDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** vIOMMUs, their devices, hardware queues and mapped registers. */
@Conformance
final class ViommuTest {

  private static final int KIND = selftest_h.IOMMU_VIOMMU_TYPE_SELFTEST();
  private static final HwQueueType QUEUE =
      new HwQueueType(selftest_h.IOMMU_HW_QUEUE_TYPE_SELFTEST());
  private static final long IOVA = selftest_h.MOCK_APERTURE_START();
  private static final long PAGE = UserPages.PAGE;
  private static final long VIRTUAL_ID = 0x99;

  private static KernelException refused(Errno errno, Executable call) {
    var refused = assertThrows(KernelException.class, call);
    assertEquals(errno, refused.errno(), refused.getMessage());
    assertFalse(refused.hint().isEmpty(), refused.getMessage());
    return refused;
  }

  @Test
  void driverAnswersAndOffersMemory(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      MemorySegment asked = test.arena().allocate(iommu_viommu_selftest.layout());
      iommu_viommu_selftest.in_data(asked, 0xbeef);
      Hwpt parent = setup.parent();
      var data = new ViommuData.Raw(KIND, asked);
      Viommu viommu = setup.iommufd().newViommu(setup.id(), parent.id(), data);
      var answered = assertInstanceOf(ViommuData.Raw.class, viommu.data());
      assertEquals(KIND, answered.type());
      assertEquals(0xbeef, iommu_viommu_selftest.out_data(answered.block()));
      assertEquals(0, iommu_viommu_selftest.out_data(asked), "what was asked with is copied");
      long offset = iommu_viommu_selftest.out_mmap_offset(answered.block());
      long length = iommu_viommu_selftest.out_mmap_length(answered.block());

      DriverMapping mapping = setup.iommufd().mapDriver(offset, length);
      assertEquals(length, mapping.segment().byteSize());
      assertEquals(0xbeef, mapping.segment().get(ValueLayout.JAVA_INT, 0));
      refused(Errno.EBUSY, viommu::close);
      MemorySegment memory = mapping.segment();
      mapping.close();
      mapping.close();
      assertThrows(IllegalStateException.class, () -> memory.get(ValueLayout.JAVA_INT, 0));
      viommu.close();
      var gone =
          assertThrows(KernelException.class, () -> setup.iommufd().mapDriver(offset, length));
      assertEquals(Errno.ENXIO, gone.errno());
    }
  }

  @Test
  void closingTheIommufdUnmapsFirst(KernelUnderTest test) {
    var setup = MockSetup.of(test);
    MemorySegment asked = test.arena().allocate(iommu_viommu_selftest.layout());
    var data = new ViommuData.Raw(KIND, asked);
    Viommu viommu = setup.iommufd().newViommu(setup.id(), setup.parent().id(), data);
    MemorySegment answered = assertInstanceOf(ViommuData.Raw.class, viommu.data()).block();
    DriverMapping mapping =
        setup
            .iommufd()
            .mapDriver(
                iommu_viommu_selftest.out_mmap_offset(answered),
                iommu_viommu_selftest.out_mmap_length(answered));
    viommu.newVdevice(setup.id(), VIRTUAL_ID);
    setup.close();
    assertThrows(IllegalStateException.class, () -> mapping.segment().get(ValueLayout.JAVA_INT, 0));
  }

  @Test
  void deviceIsInOneGuestAtATime(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      Viommu viommu = setup.viommu(setup.parent());
      Vdevice vdevice = viommu.newVdevice(setup.id(), VIRTUAL_ID);
      assertEquals(viommu.id().value() + 1, vdevice.id().value());
      refused(Errno.EEXIST, () -> viommu.newVdevice(setup.id(), VIRTUAL_ID + 1));
      refused(Errno.ENOENT, () -> viommu.newVdevice(new DeviceId(1000), 1));
      refused(Errno.EBUSY, viommu::close);
      vdevice.close();
      vdevice.close();
      setup.iommufd().viommu(viommu.id()).newVdevice(setup.id(), -1L).close();
      viommu.close();
      assertThrows(IllegalStateException.class, () -> viommu.newVdevice(setup.id(), 1));
    }
  }

  @Test
  void adoptedObjectsAreClosed(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      Viommu viommu = setup.viommu(setup.parent());
      Vdevice vdevice = viommu.newVdevice(setup.id(), VIRTUAL_ID);
      Vdevice same = setup.iommufd().adopt(vdevice.id());
      assertEquals(vdevice.toString(), same.toString());
      same.close();
      vdevice.close();
      var kind = new ViommuData.Raw(KIND, MemorySegment.NULL);
      Viommu again = setup.iommufd().adopt(viommu.id(), kind);
      assertEquals(kind, again.data());
      assertEquals(viommu.toString(), again.toString());
      again.close();
      assertEquals(Errno.ENOENT, assertThrows(KernelException.class, viommu::close).errno());
    }
  }

  @Test
  void queuesOfTheGuestGoInOrder(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      UserPages pages = test.pages(1);
      setup.ioas().map(pages.address(), PAGE, IOVA, Access.READ_WRITE);
      Viommu viommu = setup.viommu(setup.parent());
      refused(Errno.ENOENT, () -> viommu.newHwQueue(QUEUE, 0, IOVA + PAGE, PAGE));
      refused(
          Errno.EOPNOTSUPP,
          () -> viommu.newHwQueue(new HwQueueType(QUEUE.value() + 1), 0, IOVA, PAGE));
      refused(Errno.EIO, () -> viommu.newHwQueue(QUEUE, 1, IOVA, PAGE));
      HwQueue first = viommu.newHwQueue(QUEUE, 0, IOVA, PAGE / 2);
      refused(Errno.EEXIST, () -> viommu.newHwQueue(QUEUE, 0, IOVA, PAGE / 2));
      HwQueue second = viommu.newHwQueue(QUEUE, 1, IOVA + PAGE / 2, PAGE / 2);
      refused(Errno.EBUSY, () -> setup.ioas().unmap(IOVA, PAGE));
      refused(Errno.EBUSY, first::close);
      HwQueue adopted = setup.iommufd().adopt(second.id());
      assertEquals(second.toString(), adopted.toString());
      adopted.close();
      assertThrows(KernelException.class, second::close);
      first.close();
      assertEquals(PAGE, setup.ioas().unmap(IOVA, PAGE));
    }
  }

  @Test
  void closingTheIommufdTakesAllDown(KernelUnderTest test) {
    var setup = MockSetup.of(test);
    UserPages pages = test.pages(1);
    setup.ioas().map(pages.address(), PAGE, IOVA, Access.READ_WRITE);
    Viommu viommu = setup.viommu(setup.parent());
    viommu.newVdevice(setup.id(), VIRTUAL_ID);
    viommu.newHwQueue(QUEUE, 0, IOVA, PAGE / 2);
    viommu.newHwQueue(QUEUE, 1, IOVA + PAGE / 2, PAGE / 2);
    viommu.newEventQueue(EventQueueTest.TYPE, 4);
    setup.replace(setup.nested(viommu.id()).id());
    setup.iommufd().newFaultQueue();
    setup.close();
    viommu.close();
  }

  @Test
  void onlyNestingParentsHaveViommus(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      Hwpt plain = setup.iommufd().newHwpt(setup.id(), setup.ioas().id(), Set.of());
      assertTrue(refused(Errno.EINVAL, () -> setup.viommu(plain)).hint().contains("NEST_PARENT"));
      var unknown = new ViommuData.Raw(1000, MemorySegment.NULL);
      refused(
          Errno.EOPNOTSUPP,
          () -> setup.iommufd().newViommu(setup.id(), setup.parent().id(), unknown));
    }
  }

  @Test
  void hardwareWithoutThemRefuses(KernelUnderTest test) {
    Needs.request(test.kernel(), Request.IOMMU_VIOMMU_ALLOC);
    if (System.getProperty("iommufd4j.iommu", "vtd").startsWith("smmuv3")) {
      return;
    }
    try (var iommufd = Iommufd.open(test.kernel());
        var device = VfioDevice.open(test.kernel(), test.machine().lone().getFirst())) {
      device.bind(iommufd);
      Hwpt hwpt = iommufd.newHwpt(device, iommufd.newIoas());
      // AMD-Vi's driver has vIOMMUs, and the parent is none for nesting.
      Errno noViommu = test.machine().iommu().equals("amd") ? Errno.EINVAL : Errno.EOPNOTSUPP;
      refused(noViommu, () -> iommufd.newViommu(device.id(), hwpt.id(), new ViommuData.SmmuV3()));
      refused(
          noViommu,
          () -> iommufd.newViommu(device.id(), hwpt.id(), ViommuData.Tegra241Cmdqv.unanswered()));
      var table = new HwptData.VtdFirstStage(Set.of(), 0x1000, 48);
      // VT-d's driver looks at the parent first.
      refused(
          test.machine().iommu().startsWith("vtd") ? Errno.EINVAL : Errno.EOPNOTSUPP,
          () -> iommufd.newHwpt(device, hwpt.id(), HwptSpec.nested(table)));
      refused(
          Errno.EOPNOTSUPP,
          () -> iommufd.newHwpt(device, iommufd.newIoas().id(), HwptSpec.of(HwptFlag.NEST_PARENT)));
    }
  }
}
