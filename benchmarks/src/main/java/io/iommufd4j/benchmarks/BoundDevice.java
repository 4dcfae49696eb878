// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Hwpt;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.PageTableId;
import io.iommufd4j.vfio.VfioDevice;
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
