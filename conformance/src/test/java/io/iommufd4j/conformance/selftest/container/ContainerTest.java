// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.container;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.BUFFER;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.HUGE_PAGE;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.PAGE;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.bindings.vfio.vfio_info_cap_header;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_info;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_info_cap_iova_range;
import io.iommufd4j.bindings.vfio.vfio_iommu_type1_info_dma_avail;
import io.iommufd4j.bindings.vfio.vfio_iova_range;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import io.iommufd4j.conformance.selftest.driver.SelftestFile;
import io.iommufd4j.conformance.selftest.driver.TestMemory;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An IOAS that stands in for a VFIO container, of either type. */
@Selftest
final class ContainerTest {

  private static final long START = MOCK_APERTURE_START();
  private static final int ACCESS =
      vfio_h.VFIO_DMA_MAP_FLAG_READ() | vfio_h.VFIO_DMA_MAP_FLAG_WRITE();

  /** The order in which pages go does not matter, so any seed will do. */
  private static final long SEED = 20_260_102;

  private static final byte UNTOUCHED = (byte) 0xaa;

  /** The state every case starts from: a device's IOAS that stands in for a container. */
  private record Container(SelftestFile file, int ioas) {

    static Container open(KernelUnderTest test, ContainerVariant variant) {
      SelftestFile file = SelftestFile.open(test);
      int ioas = file.ioas();
      file.mock().device(ioas).ok();
      OpenIommufd iommufd = file.iommufd();
      ok(
          iommufd.ioctl(
              iommufd
                  .block(Request.IOMMU_VFIO_IOAS)
                  .set("op", iommufd_h.IOMMU_VFIO_IOAS_SET())
                  .set("ioas_id", ioas)));
      ok(iommufd.ioctl(vfio_h.VFIO_SET_IOMMU(), MemorySegment.ofAddress(variant.type())));
      return new Container(file, ioas);
    }

    OpenIommufd iommufd() {
      return file.iommufd();
    }

    int map(long userAddress, long iova, long bytes) {
      return iommufd()
          .ioctl(
              iommufd()
                  .block(Request.VFIO_IOMMU_MAP_DMA)
                  .set("flags", ACCESS)
                  .set("vaddr", userAddress)
                  .set("iova", iova)
                  .set("size", bytes));
    }

    RequestBlock unmapBlock(long iova, long bytes, int flags) {
      return iommufd()
          .block(Request.VFIO_IOMMU_UNMAP_DMA)
          .set("flags", flags)
          .set("iova", iova)
          .set("size", bytes);
    }

    int unmap(long iova, long bytes) {
      return iommufd().ioctl(unmapBlock(iova, bytes, 0));
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("vfio_compat_mock_domain.simple_close")
  void goesWithItsFile(ContainerVariant variant, KernelUnderTest test) {
    Container.open(test, variant).iommufd().close();
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("vfio_compat_mock_domain.option_huge_pages")
  void hugePages(ContainerVariant variant, KernelUnderTest test) {
    Container container = Container.open(test, variant);
    int option = iommufd_h.IOMMU_OPTION_HUGE_PAGES();
    int expected = variant == ContainerVariant.VER1V0 ? 0 : 1;
    same(expected, container.iommufd().option(option, container.ioas()));
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("vfio_compat_mock_domain.get_info")
  void information(ContainerVariant variant, KernelUnderTest test) {
    Container container = Container.open(test, variant);
    long full = vfio_iommu_type1_info.sizeof();

    MemorySegment info = information(container, vfio_iommu_type1_info.cap_offset$offset());
    assertNotEquals(0, vfio_iommu_type1_info.iova_pgsizes(info));

    info = information(container, full);
    assertNotEquals(0, vfio_iommu_type1_info.iova_pgsizes(info));
    assertEquals(0, vfio_iommu_type1_info.cap_offset(info));
    int wanted = vfio_iommu_type1_info.argsz(info);
    assertTrue(wanted > full, "no capabilities");

    for (long bytes = full; bytes < wanted; bytes++) {
      info = information(container, bytes);
      if (vfio_iommu_type1_info.cap_offset(info) != 0) {
        capabilities(info);
      }
    }
  }

  /** {@code VFIO_IOMMU_GET_INFO} with so many bytes, behind which nothing is written. */
  private static MemorySegment information(Container container, long bytes) {
    MemorySegment memory = container.file().buffer().memory();
    memory.asSlice(0, vfio_iommu_type1_info.sizeof()).fill((byte) 0);
    vfio_iommu_type1_info.argsz(memory, (int) bytes);
    MemorySegment behind = memory.asSlice(bytes).fill(UNTOUCHED);
    ok(container.iommufd().ioctl(vfio_h.VFIO_IOMMU_GET_INFO(), memory));
    for (long i = 0; i < behind.byteSize(); i++) {
      assertEquals(UNTOUCHED, behind.get(ValueLayout.JAVA_BYTE, i), "written behind the block");
    }
    assertEquals(
        vfio_h.VFIO_IOMMU_INFO_PGSIZES() | vfio_h.VFIO_IOMMU_INFO_CAPS(),
        vfio_iommu_type1_info.flags(memory));
    return memory;
  }

  /** Follows the chain: it stays in the block, and holds nothing that is not expected. */
  private static void capabilities(MemorySegment info) {
    int end = vfio_iommu_type1_info.argsz(info);
    int at = vfio_iommu_type1_info.cap_offset(info);
    while (at != 0) {
      assertTrue(at + vfio_info_cap_header.sizeof() <= end, "the chain leaves the block");
      MemorySegment capability = info.asSlice(at);
      int next = vfio_info_cap_header.next(capability);
      assertTrue(next == 0 || next >= at, "the chain goes back");
      capability(capability, (next == 0 ? end : next) - at);
      at = next;
    }
  }

  private static void capability(MemorySegment capability, int bytes) {
    int id = vfio_info_cap_header.id(capability);
    assertEquals(1, vfio_info_cap_header.version(capability));
    if (id == vfio_h.VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE()) {
      assertEquals(1, vfio_iommu_type1_info_cap_iova_range.nr_iovas(capability));
      MemorySegment range = capability.asSlice(vfio_iommu_type1_info_cap_iova_range.sizeof());
      assertEquals(START, vfio_iova_range.start(range));
      assertEquals(MOCK_APERTURE_LAST(), vfio_iova_range.end(range));
    } else if (id == vfio_h.VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL()) {
      assertEquals(vfio_iommu_type1_info_dma_avail.sizeof(), bytes);
    } else {
      fail("capability " + id);
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("vfio_compat_mock_domain.map")
  void mapAndUnmap(ContainerVariant variant, KernelUnderTest test) {
    Container container = Container.open(test, variant);
    OpenIommufd iommufd = container.iommufd();
    long address = container.file().buffer().address();

    ok(container.map(address, START, BUFFER));
    RequestBlock unmap = container.unmapBlock(START, BUFFER, 0);
    ok(iommufd.ioctl(unmap));
    assertEquals(BUFFER, unmap.get("size"));
    ok(iommufd.ioctl(unmap));

    ok(container.map(address, START, BUFFER));
    int all = vfio_h.VFIO_DMA_UNMAP_FLAG_ALL();
    refused(EINVAL, iommufd.ioctl(container.unmapBlock(START, BUFFER, all)));
    unmap = container.unmapBlock(0, 0, all);
    ok(iommufd.ioctl(unmap));
    assertEquals(BUFFER, unmap.get("size"));

    List<Long> iovas = new ArrayList<>();
    for (long offset = 0; offset < BUFFER; offset += PAGE) {
      ok(container.map(address + offset, START + offset, PAGE));
      iovas.add(START + offset);
    }
    Collections.shuffle(iovas, new Random(SEED));
    for (long iova : iovas) {
      ok(container.unmap(iova, PAGE));
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("vfio_compat_mock_domain.huge_map")
  void hugeMapInPieces(ContainerVariant variant, KernelUnderTest test) {
    Container container = Container.open(test, variant);
    TestMemory huge = TestMemory.huge(test, 2 * HUGE_PAGE);
    ok(container.map(huge.address(), START, huge.bytes()));
    long piece = huge.bytes() / 16;
    List<Long> iovas = new ArrayList<>();
    for (long offset = 0; offset < huge.bytes(); offset += piece) {
      iovas.add(START + offset);
    }
    Collections.shuffle(iovas, new Random(SEED));
    for (long iova : iovas) {
      int answer = container.unmap(iova, piece);
      if (variant == ContainerVariant.VER1V0) {
        ok(answer);
      } else {
        refused(ENOENT, answer);
      }
    }
  }
}
