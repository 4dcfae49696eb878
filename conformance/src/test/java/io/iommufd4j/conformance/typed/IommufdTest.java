// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typed;

import static io.iommufd4j.conformance.Answers.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.BoundDevice;
import io.iommufd4j.Hwpt;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.IommufdRef;
import io.iommufd4j.bindings.iommufd.iommu_destroy;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_alloc;
import io.iommufd4j.bindings.iommufd.iommu_ioas_alloc;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.data.HwptSpec;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.uapi.PageTableId;
import io.iommufd4j.vfio.VfioDevice;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * An iommufd as a whole: its options, its containers' IOAS, requests and objects without handles.
 */
@Conformance
final class IommufdTest {

  private static final long PAGE = UserPages.PAGE;
  private static final long IOVA = 0x100_0000;

  @Test
  void containersHaveAnIoas(KernelUnderTest test) {
    try (var iommufd = Iommufd.open(test.kernel())) {
      assertTrue(iommufd.vfioIoas().isEmpty());
      Ioas ioas = iommufd.newIoas();
      iommufd.vfioIoas(ioas.id());
      assertEquals(ioas.id(), iommufd.vfioIoas().orElseThrow().id());
      iommufd.clearVfioIoas();
      assertTrue(iommufd.vfioIoas().isEmpty());
      var refused = assertThrows(KernelException.class, () -> iommufd.vfioIoas(new IoasId(1000)));
      assertEquals(Errno.ENOENT, refused.errno());
      assertEquals(Optional.of(new IoasId(1000)), refused.object());
    }
  }

  @Test
  void memoryOfFilesChangesHands(KernelUnderTest test) {
    try (var iommufd = Iommufd.open(test.kernel())) {
      Ioas ioas = iommufd.newIoas();
      ioas.mapFile(test.memfd(1), 0, PAGE, IOVA, Access.READ_WRITE);
      iommufd.changeProcess();
      ioas.map(test.pages(1).address(), PAGE, IOVA + PAGE, Access.READ);
      var refused = assertThrows(KernelException.class, iommufd::changeProcess);
      assertEquals(Errno.EINVAL, refused.errno());
      assertTrue(refused.hint().contains("IOMMU_IOAS_MAP_FILE"), refused.hint());
    }
  }

  @Test
  void pinnedMemoryIsCountedByUserOrProcess(KernelUnderTest test) {
    try (var iommufd = Iommufd.open(test.kernel())) {
      assertFalse(iommufd.rlimitPerProcess());
      iommufd.rlimitPerProcess(true);
      assertTrue(iommufd.rlimitPerProcess());
      iommufd.newIoas();
      var refused = assertThrows(KernelException.class, () -> iommufd.rlimitPerProcess(false));
      assertEquals(Errno.EBUSY, refused.errno());
    }
  }

  private static MemorySegment destroy(KernelUnderTest test, int id) {
    MemorySegment block = test.arena().allocate(iommu_destroy.layout());
    iommu_destroy.size(block, (int) block.byteSize());
    iommu_destroy.id(block, id);
    return block;
  }

  private static IoasId requestIoas(KernelUnderTest test, IommufdRef iommufd) {
    MemorySegment block = test.arena().allocate(iommu_ioas_alloc.layout());
    iommu_ioas_alloc.size(block, (int) block.byteSize());
    assertEquals(0, iommufd.request(Request.IOMMU_IOAS_ALLOC, block));
    return new IoasId(iommu_ioas_alloc.out_ioas_id(block));
  }

  @Test
  void objectsOfRequestsAreKnownAndCanBeAdopted(KernelUnderTest test) {
    try (var iommufd = Iommufd.open(test.kernel())) {
      Ioas mine = iommufd.newIoas();
      assertEquals(List.of(), iommufd.foreignObjects());
      IoasId made = requestIoas(test, iommufd);
      IoasId left = requestIoas(test, iommufd);
      assertEquals(List.of(made, left), iommufd.foreignObjects());
      Ioas adopted = iommufd.adopt(made);
      assertEquals(List.of(left), iommufd.foreignObjects());
      iommufd.request(Request.IOMMU_DESTROY, destroy(test, left.value()));
      assertEquals(List.of(), iommufd.foreignObjects());
      adopted.close();
      mine.close();
      assertEquals(left.value() - 2, requestIoas(test, iommufd).value());
      var other = Iommufd.adopt(test.kernel(), ok(test.kernel().dup(iommufd.fd())));
      other.close();
      assertEquals(List.of(new IoasId(left.value() - 2)), other.foreignObjects());
      var refused =
          assertThrows(
              KernelException.class,
              () -> iommufd.request(Request.IOMMU_DESTROY, destroy(test, 1000)));
      assertEquals(Errno.ENOENT, refused.errno());
      assertEquals("no such object in this iommufd", refused.hint());
    }
  }

  @Test
  void closeNamesWhatKeepsAnObjectBusy(KernelUnderTest test) {
    var iommufd = Iommufd.open(test.kernel());
    try (var device = VfioDevice.open(test.kernel(), test.machine().lone().getFirst())) {
      device.bind(iommufd);
      Ioas ioas = iommufd.newIoas();
      MemorySegment block = test.arena().allocate(iommu_hwpt_alloc.layout());
      iommu_hwpt_alloc.size(block, (int) block.byteSize());
      iommu_hwpt_alloc.dev_id(block, device.id().value());
      iommu_hwpt_alloc.pt_id(block, ioas.id().value());
      iommufd.request(Request.IOMMU_HWPT_ALLOC, block);
      var hwpt = new HwptId(iommu_hwpt_alloc.out_hwpt_id(block));
      var busy = assertThrows(KernelException.class, iommufd::close);
      assertEquals(Errno.EBUSY, busy.errno());
      assertEquals(Optional.of(ioas.id()), busy.object());
      assertTrue(busy.hint().contains(hwpt.toString()), busy.hint());
      assertThrows(IllegalStateException.class, iommufd::fd, "it is closed all the same");
      assertEquals(List.of(hwpt), iommufd.foreignObjects(), "what it left behind");
    }
  }

  @Test
  void objectsOfAnotherHolderAreFoundByAsking(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      Hwpt parent = setup.parent();
      var viommu = setup.viommu(parent);
      int duplicate = ok(test.kernel().dup(setup.iommufd().fd()));
      var other = Iommufd.adopt(test.kernel(), duplicate);
      assertEquals(
          List.of(setup.ioas().id(), new HwptId(setup.device().hwpt()), parent.id(), viommu.id()),
          other.foreignObjects());
      Hwpt taken = other.adopt(parent.id());
      var busy = assertThrows(KernelException.class, other::close);
      assertEquals(Errno.EBUSY, busy.errno());
      assertTrue(busy.hint().contains(viommu.id().toString()), busy.hint());
      assertEquals(parent.id(), taken.id());
    }
  }

  @Test
  void adoptedInTheWrongOrderIsClosedInTheRightOne(KernelUnderTest test) {
    var setup = MockSetup.of(test);
    Hwpt parent = setup.parent();
    var viommu = setup.viommu(parent);
    Hwpt nested = setup.nested(viommu.id());
    Hwpt another = setup.iommufd().newHwpt(setup.id(), setup.ioas().id(), HwptSpec.of());
    // The other holder's handles are the same objects, its parent the youngest of them.
    var other = Iommufd.adopt(test.kernel(), ok(test.kernel().dup(setup.iommufd().fd())));
    other.adopt(nested.id());
    other.adopt(viommu.id(), viommu.data());
    other.adopt(another.id());
    other.adopt(parent.id());
    other.close();
    for (AutoCloseable gone : List.<AutoCloseable>of(nested, viommu, another, parent)) {
      assertEquals(Errno.ENOENT, assertThrows(KernelException.class, gone::close).errno());
    }
    setup.close();
  }

  @Test
  void borrowedIommufdNeverCloses(KernelUnderTest test) {
    try (var iommufd = Iommufd.open(test.kernel())) {
      IommufdRef borrowed = IommufdRef.of(test.kernel(), iommufd.fd());
      assertEquals(test.kernel(), borrowed.kernel());
      assertEquals(List.of(), borrowed.boundDevices());
      Ioas ioas = borrowed.newIoas();
      ioas.close();
      assertTrue(borrowed.toString().startsWith("iommufd (fd " + iommufd.fd()));
      assertEquals(
          Errno.ENOENT,
          assertThrows(KernelException.class, () -> borrowed.destroy(ioas.id())).errno());
    }
  }

  @Test
  void releasedIommufdLeavesItsObjects(KernelUnderTest test) {
    var iommufd = Iommufd.open(test.kernel());
    Ioas ioas = iommufd.newIoas();
    int fd = iommufd.release();
    iommufd.close();
    ioas.close();
    try (var again = Iommufd.adopt(test.kernel(), fd)) {
      assertEquals(1, again.ioas(ioas.id()).iovaRanges().ranges().size());
      again.destroy(ioas.id());
    }
  }

  @Test
  void hwptsOfEveryForm(KernelUnderTest test) {
    try (var iommufd = Iommufd.open(test.kernel());
        var device = VfioDevice.open(test.kernel(), test.machine().lone().getFirst())) {
      device.bind(iommufd);
      assertEquals(List.of(device), iommufd.boundDevices());
      Ioas ioas = iommufd.newIoas();
      List<Hwpt> all =
          List.of(
              iommufd.newHwpt(device, ioas),
              iommufd.newHwpt(device, ioas, Set.of()),
              iommufd.newHwpt(device, ioas.id(), Set.of()),
              iommufd.newHwpt(device.id(), ioas.id(), Set.of()),
              iommufd.newHwpt(device, ioas.id(), HwptSpec.of()),
              iommufd.newHwpt(device.id(), ioas.id(), HwptSpec.of()));
      for (Hwpt hwpt : all) {
        assertEquals(hwpt.id(), iommufd.hwpt(hwpt.id()).id());
        assertEquals(hwpt.id(), iommufd.idOf(hwpt));
        assertEquals(iommufd, hwpt.iommufd());
        assertEquals("HWPT " + hwpt.id().value(), hwpt.toString());
        hwpt.close();
      }
      var refused =
          assertThrows(
              KernelException.class,
              () -> iommufd.newHwpt(device, ioas.id(), HwptSpec.of(HwptFlag.DIRTY_TRACKING)));
      assertEquals(Errno.EOPNOTSUPP, refused.errno());
    }
  }

  /** A device of the mock driver, as a library for another kind of device would have it. */
  private record MockBound(MockSetup setup) implements BoundDevice {

    @Override
    public DeviceId id() {
      return setup.id();
    }

    @Override
    public Optional<IommufdRef> iommufd() {
      return Optional.of(setup.iommufd());
    }

    @Override
    public Optional<PageTableId> attached() {
      return Optional.of(new HwptId(setup.device().hwpt()));
    }

    @Override
    public void detachAll() {
      setup.removeDevice();
    }
  }

  @Test
  void devicesOfOtherKindsAreDetachedFirst(KernelUnderTest test) {
    var setup = MockSetup.of(test);
    BoundDevice device = new MockBound(setup);
    Iommufd iommufd = setup.iommufd();
    iommufd.noteBound(device);
    assertEquals(List.of(device), iommufd.boundDevices());
    assertEquals(iommufd, device.iommufd().orElseThrow());
    Hwpt hwpt = iommufd.newHwpt(device, setup.ioas());
    setup.replace(hwpt.id());
    assertTrue(device.attached().isPresent());
    iommufd.close();
    assertThrows(IllegalStateException.class, iommufd::fd);
  }

  @Test
  void deviceThatLeftIsLeftAlone(KernelUnderTest test) {
    var setup = MockSetup.of(test);
    BoundDevice device = new MockBound(setup);
    setup.iommufd().noteBound(device);
    setup.iommufd().noteUnbound(device);
    assertEquals(List.of(), setup.iommufd().boundDevices());
    IommufdRef borrowed = IommufdRef.of(test.kernel(), setup.iommufd().fd());
    borrowed.noteBound(device);
    assertEquals(List.of(), borrowed.boundDevices(), "a borrowed one keeps no account");
    borrowed.noteUnbound(device);
    assertEquals(List.of(), borrowed.facts().known().requested());
    device.detachAll();
    setup.iommufd().close();
  }
}
