// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.container;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.Handle;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;

/**
 * One open {@code /dev/vfio/vfio}, or an iommufd in its place: type 1 requests, one by one. Every
 * method answers as the kernel does.
 */
public final class OpenContainer implements Handle {

  public static final int TYPE1 = vfio_h.VFIO_TYPE1_IOMMU();
  public static final int TYPE1V2 = vfio_h.VFIO_TYPE1v2_IOMMU();

  private static final String UNSAFE_INTERRUPTS =
      "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts";

  private static final int READ_WRITE =
      vfio_h.VFIO_DMA_MAP_FLAG_READ() | vfio_h.VFIO_DMA_MAP_FLAG_WRITE();

  private final KernelUnderTest test;
  private final int fd;
  private boolean open;

  private OpenContainer(KernelUnderTest test, int fd, boolean open) {
    this.test = test;
    this.fd = fd;
    this.open = open;
  }

  /**
   * Opens a container that takes groups whose interrupts are not isolated, as the lab lets an
   * iommufd do.
   */
  public static OpenContainer of(KernelUnderTest test) {
    allowUnsafeInterrupts(test);
    int fd = Answers.ok(test.kernel().open("/dev/vfio/vfio", libc_h.O_RDWR()));
    return test.keep(new OpenContainer(test, fd, true));
  }

  /** Lets containers take groups whose interrupts are not isolated. */
  public static void allowUnsafeInterrupts(KernelUnderTest test) {
    int fd = Answers.ok(test.kernel().open(UNSAFE_INTERRUPTS, libc_h.O_WRONLY()));
    MemorySegment yes = test.arena().allocateFrom("Y");
    Answers.same(1, test.kernel().write(fd, yes.asSlice(0, 1)));
    Answers.ok(test.kernel().close(fd));
  }

  /** Type 1 requests on a descriptor that is somebody else's. */
  public static OpenContainer over(KernelUnderTest test, int fd) {
    return new OpenContainer(test, fd, false);
  }

  /** The descriptor. */
  public int fd() {
    return fd;
  }

  public int ioctl(Request request, long argument) {
    return test.kernel().ioctl(fd, request.number(), MemorySegment.ofAddress(argument));
  }

  public int ioctl(RequestBlock block) {
    return test.kernel().ioctl(fd, block.request().number(), block.memory());
  }

  /** {@code VFIO_CHECK_EXTENSION}. */
  public int extension(int extension) {
    return ioctl(Request.VFIO_CHECK_EXTENSION, extension);
  }

  /** {@code VFIO_SET_IOMMU}. */
  public int setIommu(int type) {
    return ioctl(Request.VFIO_SET_IOMMU, type);
  }

  /** {@code VFIO_IOMMU_MAP_DMA} for reading and writing. */
  public int map(long iova, long address, long bytes) {
    return ioctl(mapBlock(iova, address, bytes));
  }

  public RequestBlock mapBlock(long iova, long address, long bytes) {
    return block(Request.VFIO_IOMMU_MAP_DMA)
        .set("flags", READ_WRITE)
        .set("iova", iova)
        .set("vaddr", address)
        .set("size", bytes);
  }

  /** {@code VFIO_IOMMU_UNMAP_DMA}: how many bytes went. */
  public long unmap(long iova, long bytes) {
    RequestBlock block = unmapBlock(iova, bytes);
    int answer = ioctl(block);
    return answer < 0 ? answer : block.get("size");
  }

  public RequestBlock unmapBlock(long iova, long bytes) {
    return block(Request.VFIO_IOMMU_UNMAP_DMA).set("iova", iova).set("size", bytes);
  }

  public RequestBlock block(Request request) {
    return RequestBlock.of(request, test.arena());
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      Answers.ok(test.kernel().close(fd));
    }
  }
}
