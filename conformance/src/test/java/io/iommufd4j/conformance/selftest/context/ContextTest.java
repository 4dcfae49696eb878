// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.context;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.PAGE;
import static io.iommufd4j.kernel.Errno.E2BIG;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.ENOTTY;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import io.iommufd4j.conformance.selftest.driver.SelftestFile;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A file without a device: the shape of requests, global options, VFIO's container requests. */
@Selftest
final class ContextTest {

  private static final int UNKNOWN_FLAG = 1 << 31;

  private static final List<Request> GROWING =
      List.of(
          Request.IOMMU_DESTROY,
          Request.IOMMU_GET_HW_INFO,
          Request.IOMMU_HWPT_ALLOC,
          Request.IOMMU_HWPT_INVALIDATE,
          Request.IOMMU_IOAS_ALLOC,
          Request.IOMMU_IOAS_IOVA_RANGES,
          Request.IOMMU_IOAS_ALLOW_IOVAS,
          Request.IOMMU_IOAS_MAP,
          Request.IOMMU_IOAS_COPY,
          Request.IOMMU_IOAS_UNMAP,
          Request.IOMMU_OPTION,
          Request.IOMMU_VFIO_IOAS,
          Request.IOMMU_IOAS_MAP_FILE,
          Request.IOMMU_VIOMMU_ALLOC,
          Request.IOMMU_VDEVICE_ALLOC,
          Request.IOMMU_IOAS_CHANGE_PROCESS);

  @Test
  @Counterpart("iommufd.simple_close")
  void opensAndCloses(KernelUnderTest test) {
    SelftestFile.open(test).iommufd().close();
  }

  @Test
  @Counterpart("iommufd.cmd_fail")
  void badRequests(KernelUnderTest test) {
    OpenIommufd iommufd = SelftestFile.open(test).iommufd();
    refused(ENOENT, iommufd.destroy(0));
    refused(EFAULT, iommufd.ioctl(iommufd_h.IOMMU_DESTROY(), MemorySegment.NULL));
    int belowTheFirst = iommufd_h.IOMMU_DESTROY() - 1;
    refused(ENOTTY, iommufd.ioctl(belowTheFirst, iommufd.block(Request.IOMMU_DESTROY).memory()));
  }

  @Test
  @Counterpart("iommufd.cmd_length")
  void lengths(KernelUnderTest test) {
    OpenIommufd iommufd = SelftestFile.open(test).iommufd();
    for (Request request : GROWING) {
      RequestBlock block = RequestBlock.withTail(request, test.arena(), 1);
      long full = request.layout().orElseThrow().byteSize();
      tail(block, full, 0xff);
      refused(EINVAL, iommufd.ioctl(block.size(request.minimumBytes() - 1)));
      refused(E2BIG, iommufd.ioctl(block.size(full + 1)));
      int answer = iommufd.ioctl(block.size(full));
      tail(block, full, 0);
      same(answer, iommufd.ioctl(block.size(full + 1)));
    }
  }

  private static void tail(RequestBlock block, long at, int value) {
    block.memory().set(ValueLayout.JAVA_BYTE, at, (byte) value);
  }

  @Test
  @Counterpart("iommufd.cmd_ex_fail")
  void longerRequestThatFails(KernelUnderTest test) {
    OpenIommufd iommufd = SelftestFile.open(test).iommufd();
    RequestBlock block = RequestBlock.withTail(Request.IOMMU_DESTROY, test.arena(), Long.BYTES);
    long full = block.memory().byteSize() - Long.BYTES;
    refused(ENOENT, iommufd.ioctl(block.size(full + Long.BYTES)));
    block.memory().set(ValueLayout.JAVA_LONG, full, 1);
    refused(E2BIG, iommufd.ioctl(block));
    refused(ENOENT, iommufd.ioctl(block.size(full)));
    refused(EINVAL, iommufd.ioctl(block.size(full - 1)));
  }

  @Test
  @Counterpart("iommufd.global_options")
  void globalOptions(KernelUnderTest test) {
    OpenIommufd iommufd = SelftestFile.open(test).iommufd();
    int limits = iommufd_h.IOMMU_OPTION_RLIMIT_MODE();
    same(0, iommufd.option(limits, 0));
    same(0, iommufd.setOption(limits, 0, 1));
    refused(EINVAL, iommufd.setOption(limits, 0, 2));
    same(1, iommufd.option(limits, 0));
    same(0, iommufd.setOption(limits, 0, 0));
    int hugePages = iommufd_h.IOMMU_OPTION_HUGE_PAGES();
    refused(ENOENT, iommufd.option(hugePages, 0));
    refused(ENOENT, iommufd.setOption(hugePages, 0, 0));
  }

  @Test
  @Counterpart("iommufd.simple_ioctls")
  void containerVersion(KernelUnderTest test) {
    OpenIommufd iommufd = SelftestFile.open(test).iommufd();
    same(
        vfio_h.VFIO_API_VERSION(),
        iommufd.ioctl(vfio_h.VFIO_GET_API_VERSION(), MemorySegment.NULL));
    same(1, iommufd.ioctl(vfio_h.VFIO_CHECK_EXTENSION(), number(vfio_h.VFIO_TYPE1v2_IOMMU())));
  }

  @Test
  @Counterpart("iommufd.unmap_cmd")
  void containerUnmap(KernelUnderTest test) {
    OpenIommufd iommufd = SelftestFile.open(test).iommufd();
    RequestBlock block =
        iommufd
            .block(Request.VFIO_IOMMU_UNMAP_DMA)
            .set("iova", selftest_h.MOCK_APERTURE_START())
            .set("size", PAGE);
    checkedBeforeADeviceIsMissed(iommufd, block, 0);
  }

  @Test
  @Counterpart("iommufd.map_cmd")
  void containerMap(KernelUnderTest test) {
    SelftestFile file = SelftestFile.open(test);
    RequestBlock block =
        file.iommufd()
            .block(Request.VFIO_IOMMU_MAP_DMA)
            .set("iova", selftest_h.MOCK_APERTURE_START())
            .set("size", PAGE)
            .set("vaddr", file.buffer().address());
    int access = vfio_h.VFIO_DMA_MAP_FLAG_READ() | vfio_h.VFIO_DMA_MAP_FLAG_WRITE();
    checkedBeforeADeviceIsMissed(file.iommufd(), block, access);
  }

  private static void checkedBeforeADeviceIsMissed(
      OpenIommufd iommufd, RequestBlock block, int flags) {
    long full = block.memory().byteSize();
    refused(EINVAL, iommufd.ioctl(block.size(1)));
    refused(EINVAL, iommufd.ioctl(block.size(full).set("flags", UNKNOWN_FLAG)));
    refused(ENODEV, iommufd.ioctl(block.set("flags", flags)));
  }

  @Test
  @Counterpart("iommufd.info_cmd")
  void containerInfo(KernelUnderTest test) {
    OpenIommufd iommufd = SelftestFile.open(test).iommufd();
    RequestBlock block = iommufd.block(Request.VFIO_IOMMU_GET_INFO);
    refused(EINVAL, iommufd.ioctl(block.size(1)));
    refused(ENODEV, iommufd.ioctl(block.size(block.memory().byteSize())));
  }

  @Test
  @Counterpart("iommufd.set_iommu_cmd")
  void containerType(KernelUnderTest test) {
    OpenIommufd iommufd = SelftestFile.open(test).iommufd();
    for (int type : List.of(vfio_h.VFIO_TYPE1v2_IOMMU(), vfio_h.VFIO_TYPE1_IOMMU())) {
      refused(ENODEV, iommufd.ioctl(vfio_h.VFIO_SET_IOMMU(), number(type)));
    }
  }

  @Test
  @Counterpart("iommufd.vfio_ioas")
  void containerIoas(KernelUnderTest test) {
    SelftestFile file = SelftestFile.open(test);
    OpenIommufd iommufd = file.iommufd();
    RequestBlock block = iommufd.block(Request.IOMMU_VFIO_IOAS);
    int get = iommufd_h.IOMMU_VFIO_IOAS_GET();
    refused(ENODEV, iommufd.ioctl(block.set("op", get)));
    refused(ENOENT, iommufd.ioctl(block.set("op", iommufd_h.IOMMU_VFIO_IOAS_SET())));
    int ioas = file.ioas();
    ok(iommufd.ioctl(block.set("ioas_id", ioas)));
    ok(iommufd.ioctl(block.set("op", get).set("ioas_id", 0)));
    same(ioas, block.get("ioas_id"));
    ok(iommufd.ioctl(block.set("op", iommufd_h.IOMMU_VFIO_IOAS_CLEAR())));
    refused(ENODEV, iommufd.ioctl(block.set("op", get)));
  }

  private static MemorySegment number(int value) {
    return MemorySegment.ofAddress(value);
  }
}
