// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.container;

import static io.iommufd4j.conformance.typedvfio.Refusal.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.DirtyBitmap;
import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Iommufd;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.vfio.group.ContainerInfo;
import io.iommufd4j.vfio.group.IommuType;
import io.iommufd4j.vfio.group.VfioContainer;
import io.iommufd4j.vfio.group.VfioContainerRef;
import io.iommufd4j.vfio.group.VfioGroup;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Containers with the type 1 IOMMU by the typed API, and an iommufd in their place. */
@Conformance
final class TypedContainerTest {

  private static final long PAGE = UserPages.PAGE;
  private static final long IOVA = 0x100_0000;
  private static final int MAPPINGS = 65535;

  private static PciAddress lone(KernelUnderTest test) {
    return test.machine().lone().getFirst();
  }

  @BeforeEach
  void allow(KernelUnderTest test) {
    OpenContainer.allowUnsafeInterrupts(test);
  }

  private static VfioContainer container(KernelUnderTest test, IommuType type) {
    var container = VfioContainer.open(test.kernel());
    test.keep(container::close);
    var group = VfioGroup.open(test.kernel(), lone(test));
    test.keep(group::close);
    group.setContainer(container);
    container.setIommu(type);
    return container;
  }

  private static DmaBuffer memory(KernelUnderTest test, long pages) {
    var buffer = DmaBuffer.allocate(test.kernel(), pages * PAGE);
    test.keep(buffer::close);
    return buffer;
  }

  @Test
  void containerSaysWhatItCan(KernelUnderTest test) {
    try (var empty = VfioContainer.open(test.kernel())) {
      assertSame(test.kernel(), empty.kernel());
      assertEquals(0, empty.apiVersion());
      assertTrue(empty.supports(IommuType.TYPE1));
      assertTrue(empty.supports(IommuType.TYPE1_V2));
      assertFalse(empty.supports(IommuType.NO_IOMMU));
      assertTrue(empty.unmapsAll());
      var early = refused(Errno.EINVAL, () -> empty.setIommu(IommuType.TYPE1_V2));
      assertTrue(early.hint().contains("no group yet"), early.hint());
      refused(Errno.EINVAL, empty::info);
    }
    VfioContainer container = container(test, IommuType.TYPE1_V2);
    assertEquals(test.machine().iommu().equals("amd"), container.enforcesCoherency());
    assertTrue(container.updatesAddresses());
    assertEquals(vfio_h.VFIO_TYPE1v2_IOMMU(), IommuType.TYPE1_V2.number());
    refused(Errno.EINVAL, () -> container.setIommu(IommuType.TYPE1));
  }

  @Test
  void descriptorIsGivenUpAndTakenOver(KernelUnderTest test) {
    int fd = VfioContainer.open(test.kernel()).release();
    var container = VfioContainer.adopt(test.kernel(), fd);
    assertEquals(fd, container.fd());
    assertEquals(0, container.apiVersion());
    assertEquals(0, VfioContainerRef.of(test.kernel(), fd).apiVersion());
    container.close();
    container.close();
    assertThrows(IllegalStateException.class, container::apiVersion);
  }

  @Test
  void infoTellsRangesAndWhatIsLeft(KernelUnderTest test) {
    VfioContainer container = container(test, IommuType.TYPE1_V2);
    ContainerInfo info = container.info();
    assertTrue((info.pageSizes().orElseThrow() & PAGE) != 0);
    assertEquals(new IovaRange(0, test.machine().reservedIova() - 1), info.ranges().getFirst());
    assertEquals(OptionalInt.of(MAPPINGS), info.freeMappings());
    assertEquals(
        Optional.of(new ContainerInfo.DirtyTracking(PAGE, 1L << 28)), info.dirtyTracking());
    container.map(memory(test, 1).segment(), IOVA, Access.READ_WRITE);
    assertEquals(OptionalInt.of(MAPPINGS - 1), container.info().freeMappings());
  }

  @Test
  void memoryIsMappedAndUnmapped(KernelUnderTest test) {
    VfioContainer container = container(test, IommuType.TYPE1_V2);
    DmaBuffer buffer = memory(test, 2);
    container.map(buffer.segment(), IOVA, Access.READ_WRITE);
    var taken = refused(Errno.EEXIST, () -> container.map(buffer.segment(), IOVA, Access.READ));
    assertEquals("something is mapped in the range", taken.hint());
    var cut = refused(Errno.EINVAL, () -> container.unmap(IOVA, PAGE));
    assertTrue(cut.hint().contains("cuts a mapping in two"), cut.hint());
    assertEquals(2 * PAGE, container.unmap(IOVA, 2 * PAGE));
    assertEquals(0, container.unmap(IOVA, 2 * PAGE));
    long address = buffer.segment().address();
    container.map(address, PAGE, IOVA, Access.READ);
    container.map(address + PAGE, PAGE, 2 * IOVA, Access.WRITE);
    assertEquals(2 * PAGE, container.unmapAll());
    long reserved = test.machine().reservedIova();
    var outside =
        refused(Errno.EINVAL, () -> container.map(address, PAGE, reserved, Access.READ_WRITE));
    assertTrue(outside.hint().contains("outside of [0x0-0x"), outside.hint());
    refused(Errno.EFAULT, () -> container.map(test.badAddress(), PAGE, IOVA, Access.READ));
  }

  @Test
  void requestIsMadeWithABlockOfTheCallers(KernelUnderTest test) {
    VfioContainer container = container(test, IommuType.TYPE1_V2);
    MemorySegment number = MemorySegment.ofAddress(vfio_h.VFIO_TYPE1v2_IOMMU());
    assertEquals(1, container.request(Request.VFIO_CHECK_EXTENSION, number));
    var refused = refused(Errno.EINVAL, () -> container.request(Request.VFIO_SET_IOMMU, number));
    assertTrue(refused.hint().contains("is chosen already"), refused.hint());
  }

  @Test
  void readOnlyMappingIsNotWritten(KernelUnderTest test) {
    VfioContainer container = container(test, IommuType.TYPE1);
    UserPages pages = test.readOnlyPages(1);
    var refused =
        refused(Errno.EFAULT, () -> container.map(pages.address(), PAGE, IOVA, Access.READ_WRITE));
    assertTrue(refused.hint().contains("cannot be written"), refused.hint());
    container.map(pages.address(), PAGE, IOVA, Access.READ);
    assertEquals(PAGE, container.unmap(IOVA, 2 * PAGE));
  }

  @Test
  void addressIsTakenAwayAndGivenAgain(KernelUnderTest test) {
    VfioContainer container = container(test, IommuType.TYPE1_V2);
    DmaBuffer buffer = memory(test, 1);
    long address = buffer.segment().address();
    container.map(buffer.segment(), IOVA, Access.READ_WRITE);
    assertEquals(PAGE, container.takeAddress(IOVA, PAGE));
    refused(Errno.EINVAL, () -> container.takeAddress(IOVA, PAGE));
    container.giveAddress(IOVA, PAGE, address);
    refused(Errno.EINVAL, () -> container.giveAddress(IOVA, PAGE, address));
    refused(Errno.ENOENT, () -> container.giveAddress(2 * IOVA, PAGE, address));
  }

  /** Nothing but the device could say which pages it wrote, so that all that are mapped count. */
  @Test
  void everyMappedPageCountsAsWritten(KernelUnderTest test) {
    VfioContainer container = container(test, IommuType.TYPE1_V2);
    container.map(memory(test, 3).segment(), IOVA, Access.READ_WRITE);
    refused(Errno.EINVAL, () -> container.dirtyBitmap(IOVA, 3 * PAGE, PAGE));
    container.startDirtyTracking();
    container.startDirtyTracking();
    DirtyBitmap dirty = container.dirtyBitmap(IOVA, 3 * PAGE, PAGE);
    assertEquals(3, dirty.pages());
    assertEquals(3, dirty.dirtyPages());
    assertTrue(dirty.isDirty(IOVA + 2 * PAGE));
    refused(Errno.EINVAL, () -> container.dirtyBitmap(IOVA, PAGE, PAGE));
    refused(Errno.EINVAL, () -> container.dirtyBitmap(IOVA, 3 * PAGE, 2 * PAGE));
    DirtyBitmap last = container.unmapWithDirtyBitmap(IOVA, 3 * PAGE, PAGE);
    assertEquals(3, last.dirtyPages());
    assertEquals(0, container.unmap(IOVA, 3 * PAGE));
    container.stopDirtyTracking();
    container.stopDirtyTracking();
    refused(Errno.EINVAL, () -> container.unmapWithDirtyBitmap(IOVA, 3 * PAGE, PAGE));
  }

  @Test
  void iommufdServesAsAContainer(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var iommufd = Iommufd.open(kernel);
        var group = VfioGroup.open(kernel, lone(test))) {
      VfioContainerRef container = VfioContainerRef.of(iommufd);
      assertEquals(iommufd.fd(), container.fd());
      group.setContainer(iommufd);
      assertTrue(group.status().inContainer());
      container.setIommu(IommuType.TYPE1_V2);
      DmaBuffer buffer = memory(test, 2);
      container.map(buffer.segment(), IOVA, Access.READ_WRITE);
      try (var device = group.openDevice(lone(test))) {
        assertTrue(device.info().pci());
        assertTrue((container.info().pageSizes().orElseThrow() & PAGE) != 0);
        assertEquals(2 * PAGE, container.unmap(IOVA, 2 * PAGE));
      }
      refused(Errno.ENOTTY, container::startDirtyTracking);
    }
  }
}
