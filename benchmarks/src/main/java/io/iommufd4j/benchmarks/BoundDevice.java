// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Hwpt;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.bindings.iommufd.iommu_ioas_map;
import io.iommufd4j.bindings.iommufd.iommu_ioas_unmap;
import io.iommufd4j.bindings.iommufd.iommu_option;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.PageTableId;
import io.iommufd4j.vfio.VfioDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A device bound to an iommufd with two HWPTs of two address spaces, one page mapped in each. */
@State(Scope.Benchmark)
public class BoundDevice {

  /** {@code sim} or {@code native}. */
  @Param("sim")
  public String backend;

  /** The PCI address of the device, which vfio-pci drives for the run. */
  @Param("0000:02:01.0")
  public String device;

  private static final long IOVA = 0x100000;
  private static final long MOVING_IOVA = 0x200000;
  private static final long PAGE = 4096;

  private Kernel kernel;
  private VfioBinding binding;
  private Iommufd iommufd;
  private DmaBuffer buffer;
  private VfioDevice vfio;
  private Ioas ioas;
  private Hwpt first;
  private Hwpt second;
  private boolean toSecond;
  private final MemorySegment map = iommu_ioas_map.allocate(Arena.ofAuto());
  private final MemorySegment unmap = iommu_ioas_unmap.allocate(Arena.ofAuto());
  private final MemorySegment option = iommu_option.allocate(Arena.ofAuto());

  /** Address of a page that may be mapped. */
  private long page;

  @Setup(Level.Trial)
  public void bind() {
    kernel = Backend.valueOf(backend.toUpperCase(Locale.ROOT)).open(Backend.Purpose.IOMMUFD);
    binding = VfioBinding.bind(kernel, List.of(PciAddress.parse(device)));
    iommufd = Iommufd.open(kernel);
    vfio = VfioDevice.open(kernel, PciAddress.parse(device));
    vfio.bind(iommufd);
    buffer = DmaBuffer.allocate(kernel, 2 * PAGE);
    page = buffer.segment().address() + PAGE;
    ioas = iommufd.newIoas();
    Ioas other = iommufd.newIoas();
    ioas.map(buffer.segment().asSlice(0, PAGE), IOVA, Access.READ_WRITE);
    other.map(buffer.segment().asSlice(0, PAGE), IOVA, Access.READ_WRITE);
    first = iommufd.newHwpt(vfio, ioas);
    second = iommufd.newHwpt(vfio, other);
    vfio.attach(first);
    fillBlocks();
  }

  private void fillBlocks() {
    int flags =
        iommufd_h.IOMMU_IOAS_MAP_FIXED_IOVA()
            | iommufd_h.IOMMU_IOAS_MAP_READABLE()
            | iommufd_h.IOMMU_IOAS_MAP_WRITEABLE();
    iommu_ioas_map.size(map, (int) map.byteSize());
    iommu_ioas_map.flags(map, flags);
    iommu_ioas_map.ioas_id(map, ioas.id().value());
    iommu_ioas_map.user_va(map, page);
    iommu_ioas_map.length(map, PAGE);
    iommu_ioas_map.iova(map, MOVING_IOVA);
    iommu_ioas_unmap.size(unmap, (int) unmap.byteSize());
    iommu_ioas_unmap.ioas_id(unmap, ioas.id().value());
    iommu_ioas_unmap.iova(unmap, MOVING_IOVA);
    iommu_option.size(option, (int) option.byteSize());
    iommu_option.option_id(option, iommufd_h.IOMMU_OPTION_RLIMIT_MODE());
    iommu_option.op(option, (short) iommufd_h.IOMMU_OPTION_OP_GET());
  }

  /** Replaces the HWPT that the device has by the other one. */
  PageTableId replaceOnce() {
    return vfio.replace(other());
  }

  /** Changes the HWPT as well, by way of none. */
  PageTableId detachAndAttachOnce() {
    vfio.detach();
    return vfio.attach(other());
  }

  /** Maps one page of 4 KiB in an address space that a HWPT follows, and unmaps it. */
  long mapAndUnmapOnce() {
    ioas.map(page, PAGE, MOVING_IOVA, Access.READ_WRITE);
    return ioas.unmap(MOVING_IOVA, PAGE);
  }

  /** Asks for an option: the shortest request there is. */
  boolean optionOnce() {
    return iommufd.rlimitPerProcess();
  }

  /** The requests of {@link #mapAndUnmapOnce} in blocks that are filled already. */
  int bareMapAndUnmapOnce() {
    // Unmapping answers in the block how much there was.
    iommu_ioas_unmap.length(unmap, PAGE);
    return kernel.ioctl(iommufd.fd(), Request.IOMMU_IOAS_MAP.number(), map)
        + kernel.ioctl(iommufd.fd(), Request.IOMMU_IOAS_UNMAP.number(), unmap);
  }

  /** The request of {@link #optionOnce} in a block that is filled already. */
  int bareOptionOnce() {
    return kernel.ioctl(iommufd.fd(), Request.IOMMU_OPTION.number(), option);
  }

  private PageTableId other() {
    toSecond = !toSecond;
    return toSecond ? second.id() : first.id();
  }

  @TearDown(Level.Trial)
  public void release() {
    vfio.close();
    iommufd.close();
    buffer.close();
    binding.close();
    kernel.close();
  }
}
