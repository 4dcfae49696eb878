// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.FileKind;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One open {@code /dev/iommu}, request by request. Every method answers as the kernel does: a value
 * ≥ 0 or −errno, and where the request hands an id or a length back, that is the value.
 */
public final class OpenIommufd implements Handle {

  /** Device reads and writes. */
  public static final int READ_WRITE =
      iommufd_h.IOMMU_IOAS_MAP_READABLE() | iommufd_h.IOMMU_IOAS_MAP_WRITEABLE();

  /** Device reads only. */
  public static final int READ = iommufd_h.IOMMU_IOAS_MAP_READABLE();

  /** Device writes only, as far as the page table can say so. */
  public static final int WRITE = iommufd_h.IOMMU_IOAS_MAP_WRITEABLE();

  private static final int FIXED = iommufd_h.IOMMU_IOAS_MAP_FIXED_IOVA();

  private final Kernel kernel;
  private final Arena arena;
  private final int fd;
  private boolean open = true;

  /**
   * On a descriptor that is open.
   *
   * @param arena where the memory of requests comes from
   */
  public OpenIommufd(Kernel kernel, Arena arena, int fd) {
    this.kernel = kernel;
    this.arena = arena;
    this.fd = fd;
  }

  /** The descriptor. */
  public int fd() {
    return fd;
  }

  /** A block for a request on this file. */
  public RequestBlock block(Request request) {
    Needs.request(kernel, request);
    return RequestBlock.of(request, arena);
  }

  /** Skips the test on a kernel that lacks something. */
  public void needs(Needs ability) {
    ability.of(kernel);
  }

  /** {@code ioctl(2)} with a block. */
  public int ioctl(RequestBlock block) {
    Needs.request(kernel, block.request());
    return kernel.ioctl(fd, block.request().number(), block.memory());
  }

  /** {@code ioctl(2)} with whatever number and memory. */
  public int ioctl(int request, MemorySegment argument) {
    Request.find(request, FileKind.IOMMUFD).ifPresent(known -> Needs.request(kernel, known));
    return kernel.ioctl(fd, request, argument);
  }

  /** {@code IOMMU_IOAS_ALLOC}: the new IOAS's id. */
  public int ioasAlloc() {
    RequestBlock block = block(Request.IOMMU_IOAS_ALLOC);
    int answer = ioctl(block);
    return answer < 0 ? answer : (int) block.get("out_ioas_id");
  }

  /** {@code IOMMU_DESTROY}. */
  public int destroy(int id) {
    return ioctl(block(Request.IOMMU_DESTROY).set("id", id));
  }

  /** {@code IOMMU_IOAS_MAP} at an IOVA of the caller's, for reading and writing. */
  public int mapFixed(int ioas, long userAddress, long bytes, long iova) {
    return mapFixed(ioas, userAddress, bytes, iova, READ_WRITE);
  }

  /** {@code IOMMU_IOAS_MAP} at an IOVA of the caller's. */
  public int mapFixed(int ioas, long userAddress, long bytes, long iova, int access) {
    return ioctl(map(ioas, userAddress, bytes, FIXED | access).set("iova", iova));
  }

  /** {@code IOMMU_IOAS_MAP} at an IOVA of the kernel's choice, which is the answer. */
  public long map(int ioas, long userAddress, long bytes) {
    RequestBlock block = map(ioas, userAddress, bytes, READ_WRITE);
    int answer = ioctl(block);
    return answer < 0 ? answer : block.get("iova");
  }

  private RequestBlock map(int ioas, long userAddress, long bytes, int flags) {
    return block(Request.IOMMU_IOAS_MAP)
        .set("flags", flags)
        .set("ioas_id", ioas)
        .set("user_va", userAddress)
        .set("length", bytes);
  }

  /** {@code IOMMU_IOAS_MAP_FILE} at an IOVA of the caller's, for reading and writing. */
  public int mapFile(int ioas, int file, long start, long bytes, long iova) {
    return ioctl(
        block(Request.IOMMU_IOAS_MAP_FILE)
            .set("flags", FIXED | READ_WRITE)
            .set("ioas_id", ioas)
            .set("fd", file)
            .set("start", start)
            .set("length", bytes)
            .set("iova", iova));
  }

  /** {@code IOMMU_IOAS_UNMAP}: how many bytes went. */
  public long unmap(int ioas, long iova, long bytes) {
    RequestBlock block =
        block(Request.IOMMU_IOAS_UNMAP).set("ioas_id", ioas).set("iova", iova).set("length", bytes);
    int answer = ioctl(block);
    return answer < 0 ? answer : block.get("length");
  }

  /** {@code IOMMU_IOAS_UNMAP} of all there is: how many bytes went. */
  public long unmapAll(int ioas) {
    return unmap(ioas, 0, -1);
  }

  /** {@code IOMMU_IOAS_COPY} to an IOVA of the caller's, for reading and writing. */
  public int copy(int from, long fromIova, int to, long toIova, long bytes) {
    return copy(from, fromIova, to, toIova, bytes, READ_WRITE);
  }

  /** {@code IOMMU_IOAS_COPY} to an IOVA of the caller's. */
  public int copy(int from, long fromIova, int to, long toIova, long bytes, int access) {
    return ioctl(
        block(Request.IOMMU_IOAS_COPY)
            .set("flags", FIXED | access)
            .set("src_ioas_id", from)
            .set("src_iova", fromIova)
            .set("dst_ioas_id", to)
            .set("dst_iova", toIova)
            .set("length", bytes));
  }

  /**
   * {@code IOMMU_IOAS_IOVA_RANGES} with room for so many ranges.
   *
   * @param into where they go: pairs of first and last IOVA
   * @return how many ranges there are, whether they fit or not; or −errno, EMSGSIZE apart
   */
  public int iovaRanges(int ioas, int room, MemorySegment into) {
    RequestBlock block = iovaRangesBlock(ioas, room, into);
    int answer = ioctl(block);
    return answer < 0 && answer != Errno.EMSGSIZE.negated() ? answer : (int) block.get("num_iovas");
  }

  /** The block of {@code IOMMU_IOAS_IOVA_RANGES}. */
  public RequestBlock iovaRangesBlock(int ioas, int room, MemorySegment into) {
    return block(Request.IOMMU_IOAS_IOVA_RANGES)
        .set("ioas_id", ioas)
        .set("num_iovas", room)
        .set("allowed_iovas", into.address());
  }

  /**
   * {@code IOMMU_IOAS_ALLOW_IOVAS}.
   *
   * @param bounds pairs of first and last IOVA
   */
  public int allowIovas(int ioas, long... bounds) {
    MemorySegment ranges = arena.allocateFrom(ValueLayout.JAVA_LONG, bounds);
    return ioctl(
        block(Request.IOMMU_IOAS_ALLOW_IOVAS)
            .set("ioas_id", ioas)
            .set("num_iovas", bounds.length / 2)
            .set("allowed_iovas", ranges.address()));
  }

  /** {@code IOMMU_HWPT_ALLOC}: the new HWPT's id. */
  public int hwptAlloc(int device, int parent) {
    return hwptAlloc(device, parent, 0);
  }

  /** {@code IOMMU_HWPT_ALLOC} with flags: the new HWPT's id. */
  public int hwptAlloc(int device, int parent, int flags) {
    RequestBlock block =
        block(Request.IOMMU_HWPT_ALLOC)
            .set("flags", flags)
            .set("dev_id", device)
            .set("pt_id", parent);
    int answer = ioctl(block);
    return answer < 0 ? answer : (int) block.get("out_hwpt_id");
  }

  /** {@code IOMMU_OPTION} get: the option's value. */
  public long option(int option, int object) {
    RequestBlock block = optionBlock(option, object, iommufd_h.IOMMU_OPTION_OP_GET());
    int answer = ioctl(block);
    return answer < 0 ? answer : block.get("val64");
  }

  /** {@code IOMMU_OPTION} set. */
  public int setOption(int option, int object, long value) {
    return ioctl(optionBlock(option, object, iommufd_h.IOMMU_OPTION_OP_SET()).set("val64", value));
  }

  private RequestBlock optionBlock(int option, int object, int operation) {
    return block(Request.IOMMU_OPTION)
        .set("option_id", option)
        .set("op", operation)
        .set("object_id", object);
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      Answers.ok(kernel.close(fd));
    }
  }
}
