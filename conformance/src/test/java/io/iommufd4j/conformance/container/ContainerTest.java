// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.container;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.container.OpenContainer.TYPE1;
import static io.iommufd4j.conformance.container.OpenContainer.TYPE1V2;
import static io.iommufd4j.kernel.Errno.EEXIST;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.ENOTTY;
import static io.iommufd4j.kernel.Errno.EOVERFLOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.EduDma;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.PciAddress;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code /dev/vfio/vfio} with the type 1 IOMMU behind it. */
@Conformance
final class ContainerTest {

  private static final long PAGE = UserPages.PAGE;
  private static final long IOVA = 0x100_0000;
  private static final int NESTING = 6;

  private static OpenContainer container(KernelUnderTest test, int type) {
    OpenGroup group = OpenGroup.of(test, test.machine().lone().getFirst());
    OpenContainer container = OpenContainer.of(test);
    ok(group.setContainer(container.fd()));
    ok(container.setIommu(type));
    return container;
  }

  @Test
  void versionIsZero(KernelUnderTest test) {
    assertEquals(0, OpenContainer.of(test).ioctl(Request.VFIO_GET_API_VERSION, 0));
  }

  /** Nested translation by type 1 was there until nobody could use it. */
  private static int there(int extension, int now, KernelUnderTest test) {
    return extension == NESTING && test.older() ? 1 : now;
  }

  @ParameterizedTest(name = "extension {0}")
  @CsvSource({
    "0, 0", "1, 1", "2, 0", "3, 1", "4, 0", "5, 0", "6, 0", "7, 0", "8, 0", "9, 1", "10, 0",
    "11, 0", "-1, 0"
  })
  void extensionsWithoutAnIommu(int extension, int there, KernelUnderTest test) {
    assertEquals(there(extension, there, test), OpenContainer.of(test).extension(extension));
  }

  @ParameterizedTest(name = "extension {0}")
  @CsvSource({
    "0, 0", "1, 1", "2, 0", "3, 1", "5, 0", "6, 0", "7, 0", "8, 0", "9, 1", "10, 1", "11, 0",
    "-1, 0"
  })
  void extensionsOfType1(int extension, int there, KernelUnderTest test) {
    assertEquals(there(extension, there, test), container(test, TYPE1).extension(extension));
  }

  @Test
  void coherencyIsEnforcedWhereTheIommuCan(KernelUnderTest test) {
    int there = test.machine().iommu().equals("amd") ? 1 : 0;
    assertEquals(there, container(test, TYPE1V2).extension(vfio_h.VFIO_DMA_CC_IOMMU()));
  }

  @Test
  void iommuIsChosenOnceThereIsAGroup(KernelUnderTest test) {
    OpenContainer container = OpenContainer.of(test);
    OpenGroup group = OpenGroup.of(test, test.machine().lone().getFirst());
    refused(EINVAL, container.setIommu(TYPE1));
    ok(group.setContainer(container.fd()));
    refused(ENODEV, container.setIommu(0));
    refused(ENODEV, container.setIommu(8));
    refused(test.older() ? EINVAL : ENODEV, container.setIommu(NESTING));
    ok(container.setIommu(TYPE1));
    refused(EINVAL, container.setIommu(TYPE1));
    ok(group.unsetContainer());
    refused(EINVAL, container.setIommu(TYPE1V2));
    ok(group.setContainer(container.fd()));
    ok(container.setIommu(TYPE1V2));
  }

  @Test
  void extensionThatIsNoIommuIsNotChosen(KernelUnderTest test) {
    OpenContainer container = OpenContainer.of(test);
    ok(OpenGroup.of(test, test.machine().lone().getFirst()).setContainer(container.fd()));
    refused(EINVAL, container.setIommu(vfio_h.VFIO_UNMAP_ALL()));
    refused(ENODEV, container.setIommu(vfio_h.VFIO_UPDATE_VADDR()));
  }

  @Test
  void nothingIsMappedWithoutAnIommu(KernelUnderTest test) {
    OpenContainer container = OpenContainer.of(test);
    UserPages pages = test.pages(1);
    refused(EINVAL, container.map(IOVA, pages.address(), PAGE));
    refused(EINVAL, container.ioctl(Request.VFIO_IOMMU_GET_INFO, 0));
    refused(EINVAL, container.ioctl(Request.IOMMU_IOAS_ALLOC, 0));
    ok(OpenGroup.of(test, test.machine().lone().getFirst()).setContainer(container.fd()));
    ok(container.setIommu(TYPE1));
    refused(ENOTTY, container.ioctl(Request.IOMMU_IOAS_ALLOC, 0));
    refused(ENOTTY, container.ioctl(Request.VFIO_IOMMU_ENABLE, 0));
  }

  @Test
  void dmaReachesWhatIsMapped(KernelUnderTest test) {
    PciAddress address = test.machine().lone().getFirst();
    OpenGroup group = OpenGroup.of(test, address);
    OpenContainer container = OpenContainer.of(test);
    ok(group.setContainer(container.fd()));
    ok(container.setIommu(TYPE1V2));
    UserPages pages = test.pages(2).fill("x");
    pages.memory().setString(0, "hello");
    ok(container.map(IOVA, pages.address(), 2 * PAGE));
    EduDma dma = test.dma(group.device(address));
    dma.move(IOVA, IOVA + PAGE, 64);
    assertEquals("hello", pages.memory().getString(PAGE));
    assertEquals(2 * PAGE, container.unmap(IOVA, 2 * PAGE));
    pages.memory().setString(0, "other");
    dma.move(IOVA, IOVA + PAGE, 64);
    assertEquals("hello", pages.memory().getString(PAGE), "nothing is mapped any more");
  }

  @Test
  void groupsShareAContainer(KernelUnderTest test) {
    OpenContainer container = OpenContainer.of(test);
    PciAddress first = test.machine().lone().getFirst();
    PciAddress second = test.machine().lone().get(1);
    OpenGroup one = OpenGroup.of(test, first);
    OpenGroup two = OpenGroup.of(test, second);
    ok(one.setContainer(container.fd()));
    ok(container.setIommu(TYPE1V2));
    UserPages pages = test.pages(2);
    pages.memory().setString(0, "hello");
    ok(container.map(IOVA, pages.address(), 2 * PAGE));
    ok(two.setContainer(container.fd()));
    test.dma(two.device(second)).move(IOVA, IOVA + PAGE, 64);
    assertEquals("hello", pages.memory().getString(PAGE));
    ok(one.unsetContainer());
    assertEquals(0, container.ioctl(container.block(Request.VFIO_IOMMU_GET_INFO)));
    pages.memory().setString(0, "still");
    test.dma(two.device(second)).move(IOVA, IOVA + PAGE, 64);
    assertEquals("still", pages.memory().getString(PAGE));
  }

  @Test
  void mappingGoesWithTheLastGroup(KernelUnderTest test) {
    OpenContainer container = OpenContainer.of(test);
    OpenGroup group = OpenGroup.of(test, test.machine().lone().getFirst());
    ok(group.setContainer(container.fd()));
    ok(container.setIommu(TYPE1V2));
    UserPages pages = test.pages(1);
    ok(container.map(IOVA, pages.address(), PAGE));
    ok(group.unsetContainer());
    ok(group.setContainer(container.fd()));
    ok(container.setIommu(TYPE1V2));
    assertEquals(0, container.unmap(IOVA, PAGE));
  }

  @Test
  void containerOutlivesItsDescriptor(KernelUnderTest test) {
    PciAddress address = test.machine().lone().getFirst();
    OpenGroup group = OpenGroup.of(test, address);
    OpenContainer container = OpenContainer.of(test);
    ok(group.setContainer(container.fd()));
    ok(container.setIommu(TYPE1V2));
    UserPages pages = test.pages(2);
    pages.memory().setString(0, "hello");
    ok(container.map(IOVA, pages.address(), 2 * PAGE));
    container.close();
    test.dma(group.device(address)).move(IOVA, IOVA + PAGE, 64);
    assertEquals("hello", pages.memory().getString(PAGE));
  }

  @Test
  void mapIsChecked(KernelUnderTest test) {
    OpenContainer container = container(test, TYPE1V2);
    UserPages pages = test.pages(2);
    long address = pages.address();
    refused(EINVAL, container.map(IOVA, address, 0));
    refused(EINVAL, container.map(IOVA + 1, address, PAGE));
    refused(EINVAL, container.map(IOVA, address + 1, PAGE));
    refused(EINVAL, container.map(IOVA, address, 1));
    refused(test.older() ? EINVAL : EOVERFLOW, container.map(-PAGE, address, 2 * PAGE));
    refused(test.older() ? EINVAL : EOVERFLOW, container.map(IOVA, -PAGE, 2 * PAGE));
    refused(EINVAL, container.map(test.machine().reservedIova(), address, PAGE));
    refused(EFAULT, container.map(IOVA, test.badAddress(), PAGE));
    refused(EINVAL, container.ioctl(container.mapBlock(IOVA, address, PAGE).set("flags", 0)));
    refused(EINVAL, container.ioctl(container.mapBlock(IOVA, address, PAGE).set("flags", 8)));
    refused(EINVAL, container.ioctl(container.mapBlock(IOVA, address, PAGE).set("flags", 7)));
    refused(ENOENT, container.ioctl(container.mapBlock(IOVA, address, PAGE).set("flags", 4)));
    refused(EINVAL, container.ioctl(container.mapBlock(IOVA, address, PAGE).size(31)));
    refused(EFAULT, container.ioctl(Request.VFIO_IOMMU_MAP_DMA, test.badAddress()));
    ok(container.map(IOVA, address, PAGE));
    refused(EEXIST, container.map(IOVA, address, PAGE));
    refused(EEXIST, container.map(IOVA - PAGE, address, 2 * PAGE));
    ok(container.map(IOVA - PAGE, address, PAGE));
  }

  @Test
  void readOnlyMemoryIsNotWritten(KernelUnderTest test) {
    OpenContainer container = container(test, TYPE1V2);
    UserPages pages = test.readOnlyPages(1);
    refused(EFAULT, container.map(IOVA, pages.address(), PAGE));
    ok(
        container.ioctl(
            container
                .mapBlock(IOVA, pages.address(), PAGE)
                .set("flags", vfio_h.VFIO_DMA_MAP_FLAG_READ())));
  }

  @Test
  void version2UnmapsWholeMappings(KernelUnderTest test) {
    OpenContainer container = container(test, TYPE1V2);
    UserPages pages = test.pages(4);
    ok(container.map(IOVA, pages.address(), 2 * PAGE));
    ok(container.map(IOVA + 2 * PAGE, pages.address(), 2 * PAGE));
    refused(EINVAL, container.unmap(IOVA, PAGE));
    refused(EINVAL, container.unmap(IOVA + PAGE, PAGE));
    refused(EINVAL, container.unmap(IOVA, 3 * PAGE));
    refused(EINVAL, container.unmap(IOVA, 0));
    refused(EINVAL, container.unmap(IOVA + 1, PAGE));
    refused(EINVAL, container.unmap(IOVA, PAGE + 1));
    refused(test.older() ? EINVAL : EOVERFLOW, container.unmap(-PAGE, 2 * PAGE));
    assertEquals(0, container.unmap(IOVA - PAGE, PAGE));
    assertEquals(2 * PAGE, container.unmap(IOVA - PAGE, 3 * PAGE));
    assertEquals(2 * PAGE, container.unmap(0, 1L << 40));
    assertEquals(0, container.unmap(0, 1L << 40));
  }

  @Test
  void version1UnmapsByTheFirstPage(KernelUnderTest test) {
    OpenContainer container = container(test, TYPE1);
    UserPages pages = test.pages(4);
    ok(container.map(IOVA, pages.address(), 2 * PAGE));
    ok(container.map(IOVA + 2 * PAGE, pages.address(), 2 * PAGE));
    assertEquals(0, container.unmap(IOVA + PAGE, PAGE));
    assertEquals(0, container.unmap(IOVA + PAGE, 2 * PAGE));
    assertEquals(2 * PAGE, container.unmap(IOVA, PAGE));
    assertEquals(2 * PAGE, container.unmap(IOVA, 3 * PAGE));
  }

  @Test
  void everythingIsUnmappedByAFlag(KernelUnderTest test) {
    OpenContainer container = container(test, TYPE1V2);
    UserPages pages = test.pages(2);
    RequestBlock all = container.unmapBlock(0, 0).set("flags", vfio_h.VFIO_DMA_UNMAP_FLAG_ALL());
    ok(container.ioctl(all));
    assertEquals(0, all.get("size"));
    ok(container.map(IOVA, pages.address(), PAGE));
    ok(container.map(4 * IOVA, pages.address(), PAGE));
    refused(EINVAL, container.ioctl(all.set("size", PAGE)));
    refused(EINVAL, container.ioctl(all.set("size", 0).set("iova", PAGE)));
    ok(container.ioctl(all.set("iova", 0)));
    assertEquals(2 * PAGE, all.get("size"));
  }

  @Test
  void addressIsTakenAwayAndGivenAgain(KernelUnderTest test) {
    OpenContainer container = container(test, TYPE1V2);
    UserPages pages = test.pages(2);
    int flag = vfio_h.VFIO_DMA_UNMAP_FLAG_VADDR();
    ok(container.map(IOVA, pages.address(), PAGE));
    RequestBlock take = container.unmapBlock(IOVA, PAGE).set("flags", flag);
    ok(container.ioctl(take));
    assertEquals(PAGE, take.get("size"));
    refused(EINVAL, container.ioctl(take));
    RequestBlock give = container.mapBlock(IOVA, pages.address(), PAGE).set("flags", 4);
    refused(EINVAL, container.ioctl(give.set("size", 2 * PAGE)));
    ok(container.ioctl(give.set("size", PAGE)));
    refused(EINVAL, container.ioctl(give));
    assertEquals(PAGE, container.unmap(IOVA, PAGE));
  }

  @Test
  void infoTellsPagesMappingsAndRanges(KernelUnderTest test) {
    OpenContainer container = container(test, TYPE1V2);
    RequestBlock info = container.block(Request.VFIO_IOMMU_GET_INFO);
    refused(EINVAL, container.ioctl(info.size(15)));
    ok(container.ioctl(info.size(16)));
    assertEquals(3, info.get("flags"));
    assertTrue((info.get("iova_pgsizes") & PAGE) != 0);
    int needed = (int) info.get("argsz");
    RequestBlock full = RequestBlock.withTail(Request.VFIO_IOMMU_GET_INFO, test.arena(), 200);
    ok(container.ioctl(full.size(24 + 200)));
    assertEquals(24 + 200, full.get("argsz"));
    assertEquals(24, full.get("cap_offset"));
    MemorySegment memory = full.memory();
    // Migration, then free mappings, then ranges.
    assertEquals(2, memory.get(ValueLayout.JAVA_SHORT, 24));
    assertEquals(PAGE, memory.get(ValueLayout.JAVA_LONG, 24 + 16));
    assertEquals(1L << 28, memory.get(ValueLayout.JAVA_LONG, 24 + 24));
    int avail = memory.get(ValueLayout.JAVA_INT, 24 + 4);
    assertEquals(3, memory.get(ValueLayout.JAVA_SHORT, avail));
    assertEquals(65535, memory.get(ValueLayout.JAVA_INT, avail + 8));
    int ranges = memory.get(ValueLayout.JAVA_INT, avail + 4);
    assertEquals(1, memory.get(ValueLayout.JAVA_SHORT, ranges));
    int count = memory.get(ValueLayout.JAVA_INT, ranges + 8);
    assertEquals(needed, ranges + 16 + 16 * count);
    assertEquals(0, memory.get(ValueLayout.JAVA_LONG, ranges + 16));
    assertEquals(test.machine().reservedIova() - 1, memory.get(ValueLayout.JAVA_LONG, ranges + 24));
    assertEquals(0, memory.get(ValueLayout.JAVA_INT, ranges + 4));
  }

  @Test
  void mappingsAreCounted(KernelUnderTest test) {
    OpenContainer container = container(test, TYPE1V2);
    UserPages pages = test.pages(1);
    ok(container.map(IOVA, pages.address(), PAGE));
    RequestBlock full = RequestBlock.withTail(Request.VFIO_IOMMU_GET_INFO, test.arena(), 200);
    ok(container.ioctl(full.size(24 + 200)));
    int avail = full.memory().get(ValueLayout.JAVA_INT, 24 + 4);
    assertEquals(65534, full.memory().get(ValueLayout.JAVA_INT, avail + 8));
  }
}
