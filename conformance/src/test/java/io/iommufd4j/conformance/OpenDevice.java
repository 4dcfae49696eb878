// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.PciAddress;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.UUID;

/**
 * One open VFIO device (cdev), request by request. Every method answers as the kernel does: a value
 * ≥ 0 or −errno, and where the request hands an id back, that is the value.
 */
public final class OpenDevice implements Handle {

  private static final ValueLayout.OfLong BIG_ENDIAN =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final Kernel kernel;
  private final Arena arena;
  private final PciAddress address;
  private final int fd;
  private boolean open = true;

  /**
   * On a descriptor that is open.
   *
   * @param arena where the memory of requests comes from
   */
  public OpenDevice(Kernel kernel, Arena arena, PciAddress address, int fd) {
    this.kernel = kernel;
    this.arena = arena;
    this.address = address;
    this.fd = fd;
  }

  /** The descriptor. */
  public int fd() {
    return fd;
  }

  /** The kernel it is open on. */
  public Kernel kernel() {
    return kernel;
  }

  /** A block for a request on this file. */
  public RequestBlock block(Request request) {
    return RequestBlock.of(request, arena);
  }

  /** A block with room behind the struct, which is counted in its size. */
  public RequestBlock block(Request request, long room) {
    RequestBlock block = RequestBlock.withTail(request, arena, room);
    return block.size(block.memory().byteSize());
  }

  /** {@code ioctl(2)} with a block. */
  public int ioctl(RequestBlock block) {
    return kernel.ioctl(fd, block.request().number(), block.memory());
  }

  /** {@code ioctl(2)} with whatever number and memory. */
  public int ioctl(int request, MemorySegment argument) {
    return kernel.ioctl(fd, request, argument);
  }

  /** {@code VFIO_DEVICE_BIND_IOMMUFD}: the device's id. */
  public int bind(OpenIommufd iommufd) {
    return bind(iommufd.fd());
  }

  /** {@code VFIO_DEVICE_BIND_IOMMUFD} to whatever descriptor: the device's id. */
  public int bind(int iommufd) {
    RequestBlock block = block(Request.VFIO_DEVICE_BIND_IOMMUFD).set("iommufd", iommufd);
    int answer = ioctl(block);
    return answer < 0 ? answer : (int) block.get("out_devid");
  }

  /** {@code VFIO_DEVICE_BIND_IOMMUFD} with a VF token: the device's id. */
  public int bind(OpenIommufd iommufd, UUID token) {
    RequestBlock block =
        block(Request.VFIO_DEVICE_BIND_IOMMUFD)
            .set("iommufd", iommufd.fd())
            .set("flags", vfio_h.VFIO_DEVICE_BIND_FLAG_TOKEN())
            .set("token_uuid_ptr", bytes(token).address());
    int answer = ioctl(block);
    return answer < 0 ? answer : (int) block.get("out_devid");
  }

  /** A UUID in memory, as {@code uuid_t}. */
  public MemorySegment bytes(UUID uuid) {
    MemorySegment bytes = arena.allocate(2 * Long.BYTES);
    bytes.set(BIG_ENDIAN, 0, uuid.getMostSignificantBits());
    bytes.set(BIG_ENDIAN, Long.BYTES, uuid.getLeastSignificantBits());
    return bytes;
  }

  /**
   * {@code VFIO_DEVICE_ATTACH_IOMMUFD_PT}, which replaces when the device is attached: the id of
   * the HWPT, as written back.
   */
  public int attach(int pageTable) {
    RequestBlock block = block(Request.VFIO_DEVICE_ATTACH_IOMMUFD_PT).set("pt_id", pageTable);
    int answer = ioctl(block);
    return answer < 0 ? answer : (int) block.get("pt_id");
  }

  /** {@code VFIO_DEVICE_ATTACH_IOMMUFD_PT} with a PASID; as {@link #attach(int)}. */
  public int attachPasid(int pasid, int pageTable) {
    RequestBlock block =
        block(Request.VFIO_DEVICE_ATTACH_IOMMUFD_PT)
            .set("flags", vfio_h.VFIO_DEVICE_ATTACH_PASID())
            .set("pasid", pasid)
            .set("pt_id", pageTable);
    int answer = ioctl(block);
    return answer < 0 ? answer : (int) block.get("pt_id");
  }

  /** {@code VFIO_DEVICE_DETACH_IOMMUFD_PT}. */
  public int detach() {
    return ioctl(block(Request.VFIO_DEVICE_DETACH_IOMMUFD_PT));
  }

  /** Reads little-endian from config space. */
  public long config(int offset, int bytes) {
    MemorySegment buffer = arena.allocate(Long.BYTES);
    Answers.same(bytes, pread(buffer.asSlice(0, bytes), configOffset() + offset));
    return buffer.get(ValueLayout.JAVA_LONG, 0);
  }

  /** Writes little-endian to config space. */
  public void config(int offset, int bytes, long value) {
    MemorySegment buffer = arena.allocate(Long.BYTES);
    buffer.set(ValueLayout.JAVA_LONG, 0, value);
    Answers.same(bytes, pwrite(buffer.asSlice(0, bytes), configOffset() + offset));
  }

  private long configOffset() {
    return regionOffset(vfio_h.VFIO_PCI_CONFIG_REGION_INDEX());
  }

  /** The offset in the file at which a region starts. */
  public long regionOffset(int index) {
    RequestBlock block = block(Request.VFIO_DEVICE_GET_REGION_INFO).set("index", index);
    Answers.ok(ioctl(block));
    return block.get("offset");
  }

  /** {@code pread(2)}. */
  public long pread(MemorySegment buffer, long offset) {
    return kernel.pread(fd, buffer, offset);
  }

  /** {@code pwrite(2)}. */
  public long pwrite(MemorySegment buffer, long offset) {
    return kernel.pwrite(fd, buffer, offset);
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      Answers.ok(kernel.close(fd));
    }
  }

  @Override
  public String toString() {
    return address.toString();
  }
}
