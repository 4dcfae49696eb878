// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_alloc;
import io.iommufd4j.bindings.iommufd.iommu_ioas_alloc;
import io.iommufd4j.bindings.iommufd.iommu_ioas_map;
import io.iommufd4j.bindings.iommufd.iommu_ioas_unmap;
import io.iommufd4j.bindings.iommufd.iommu_option;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.UnionLayout;
import java.lang.foreign.ValueLayout;

/**
 * An open {@code /dev/iommu} of a kernel with the mock driver ({@code CONFIG_IOMMUFD_TEST}), and
 * the requests that are timed, each in a block that is filled already: simulated and real kernel
 * are given the same bytes.
 */
final class MockContext implements AutoCloseable {

  static final long PAGE = 4096;

  /** The lowest IOVA that areas are mapped at: what mock devices reach begins there. */
  static final long FIRST = 1L << 24;

  private static final int ALL = -1;

  private final Kernel kernel;
  private final int fd;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment map = iommu_ioas_map.allocate(arena);
  private final MemorySegment unmap = iommu_ioas_unmap.allocate(arena);
  private final MemorySegment option = iommu_option.allocate(arena);
  private final MemorySegment bareOption =
      MemorySegment.ofAddress(option.address()).reinterpret(option.byteSize());
  private final MemorySegment replace = arena.allocate(iommu_test_cmd.layout());
  private final long replaceTo;
  private final DmaBuffer page;

  MockContext(Kernel kernel) {
    this(kernel, ok(kernel.open("/dev/iommu", libc_h.O_RDWR())));
  }

  /** The same context with blocks of its own, for another thread. */
  MockContext again(Kernel same) {
    return new MockContext(same, ok(same.dup(fd)));
  }

  private MockContext(Kernel kernel, int fd) {
    this.kernel = kernel;
    this.fd = fd;
    this.page = DmaBuffer.allocate(kernel, PAGE);
    page.segment().fill((byte) 1);
    iommu_ioas_map.size(map, (int) map.byteSize());
    iommu_ioas_map.user_va(map, page.segment().address());
    iommu_ioas_map.length(map, PAGE);
    iommu_ioas_unmap.size(unmap, (int) unmap.byteSize());
    iommu_option.size(option, (int) option.byteSize());
    iommu_option.option_id(option, iommufd_h.IOMMU_OPTION_RLIMIT_MODE());
    iommu_option.op(option, (short) iommufd_h.IOMMU_OPTION_OP_GET());
    iommu_test_cmd.size(replace, (int) replace.byteSize());
    iommu_test_cmd.op(replace, selftest_h.IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE());
    replaceTo = offset("mock_domain_replace", "pt_id");
  }

  /** An address space without domains. */
  int ioas() {
    MemorySegment block = iommu_ioas_alloc.allocate(arena);
    iommu_ioas_alloc.size(block, (int) block.byteSize());
    request(Request.IOMMU_IOAS_ALLOC, block);
    return iommu_ioas_alloc.out_ioas_id(block);
  }

  /** A device on a page table of its own. */
  MockDevice device(int pt) {
    MemorySegment block = arena.allocate(iommu_test_cmd.layout());
    iommu_test_cmd.size(block, (int) block.byteSize());
    iommu_test_cmd.op(block, selftest_h.IOMMU_TEST_OP_MOCK_DOMAIN());
    iommu_test_cmd.id(block, pt);
    ok(kernel.ioctl(fd, selftest_h.IOMMU_TEST_CMD(), block));
    return new MockDevice(
        block.get(ValueLayout.JAVA_INT, offset("mock_domain", "out_stdev_id")),
        block.get(ValueLayout.JAVA_INT, offset("mock_domain", "out_idev_id")));
  }

  /**
   * A device of the mock driver.
   *
   * @param stdev the mock's number of it
   * @param id the number that it is bound under
   */
  record MockDevice(int stdev, int id) {}

  /** A page table of an address space, for a device. */
  int hwpt(MockDevice device, int ioas) {
    MemorySegment block = iommu_hwpt_alloc.allocate(arena);
    iommu_hwpt_alloc.size(block, (int) block.byteSize());
    iommu_hwpt_alloc.dev_id(block, device.id());
    iommu_hwpt_alloc.pt_id(block, ioas);
    request(Request.IOMMU_HWPT_ALLOC, block);
    return iommu_hwpt_alloc.out_hwpt_id(block);
  }

  /** Replaces what a device is attached to. */
  void replace(MockDevice device, int pt) {
    iommu_test_cmd.id(replace, device.stdev());
    replace.set(ValueLayout.JAVA_INT, replaceTo, pt);
    ok(kernel.ioctl(fd, selftest_h.IOMMU_TEST_CMD(), replace));
  }

  /** Maps the page at an IOVA. */
  void map(int ioas, long iova) {
    iommu_ioas_map.flags(
        map,
        iommufd_h.IOMMU_IOAS_MAP_FIXED_IOVA()
            | iommufd_h.IOMMU_IOAS_MAP_READABLE()
            | iommufd_h.IOMMU_IOAS_MAP_WRITEABLE());
    iommu_ioas_map.ioas_id(map, ioas);
    iommu_ioas_map.iova(map, iova);
    request(Request.IOMMU_IOAS_MAP, map);
  }

  /** Maps the page where the kernel likes, and answers where that is. */
  long mapAnywhere(int ioas) {
    iommu_ioas_map.flags(
        map, iommufd_h.IOMMU_IOAS_MAP_READABLE() | iommufd_h.IOMMU_IOAS_MAP_WRITEABLE());
    iommu_ioas_map.ioas_id(map, ioas);
    request(Request.IOMMU_IOAS_MAP, map);
    return iommu_ioas_map.iova(map);
  }

  /** Unmaps a range, and answers how many bytes were mapped. */
  long unmap(int ioas, long iova, long bytes) {
    iommu_ioas_unmap.ioas_id(unmap, ioas);
    iommu_ioas_unmap.iova(unmap, iova);
    iommu_ioas_unmap.length(unmap, bytes);
    request(Request.IOMMU_IOAS_UNMAP, unmap);
    return iommu_ioas_unmap.length(unmap);
  }

  /** Unmaps everything, and answers how many bytes were mapped. */
  long unmapAll(int ioas) {
    return unmap(ioas, 0, ALL);
  }

  /** Asks for an option: the shortest request there is. */
  void option() {
    request(Request.IOMMU_OPTION, option);
  }

  /** The same in a block of which only the address is known: nobody vouches that it is there. */
  void bareOption() {
    request(Request.IOMMU_OPTION, bareOption);
  }

  private void request(Request request, MemorySegment block) {
    ok(kernel.ioctl(fd, request.number(), block));
  }

  private static int ok(int answer) {
    if (answer < 0) {
      throw new IllegalStateException("refused: errno " + -answer);
    }
    return answer;
  }

  private static long offset(String member, String field) {
    MemoryLayout union =
        iommu_test_cmd.layout().memberLayouts().stream()
            .filter(UnionLayout.class::isInstance)
            .findFirst()
            .orElseThrow();
    long start =
        iommu_test_cmd.layout().byteOffset(PathElement.groupElement(union.name().orElseThrow()));
    return start
        + union.byteOffset(PathElement.groupElement(member), PathElement.groupElement(field));
  }

  @Override
  public void close() {
    kernel.close(fd);
    page.close();
    arena.close();
  }
}
