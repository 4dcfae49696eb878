// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.vfio;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.vfio.vfio_device_attach_iommufd_pt;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** The blocks of attach and detach, and where the written-back id goes. */
@Conformance
final class AttachBlockTest {

  @Test
  void attachIsCheckedBeforeAnythingIsDone(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    OpenDevice device = bound.device();
    Request request = Request.VFIO_DEVICE_ATTACH_IOMMUFD_PT;
    RequestBlock block = device.block(request, 8).set("pt_id", bound.ioas());
    for (int size = 0; size < request.minimumBytes(); size++) {
      refused(EINVAL, device.ioctl(block.size(size)));
    }
    refused(EINVAL, device.ioctl(block.size(request.minimumBytes()).set("flags", 2)));
    // Unlike an iommufd command it takes any tail, whatever is in it.
    block.memory().asSlice(request.minimumBytes()).fill((byte) 0xff);
    ok(device.ioctl(block.set("flags", 0).size(block.memory().byteSize())));
  }

  @Test
  void detachIsCheckedBeforeAnythingIsDone(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    OpenDevice device = bound.device();
    Request request = Request.VFIO_DEVICE_DETACH_IOMMUFD_PT;
    RequestBlock block = device.block(request);
    for (int size = 0; size < request.minimumBytes(); size++) {
      refused(EINVAL, device.ioctl(block.size(size)));
    }
    refused(EINVAL, device.ioctl(block.size(request.minimumBytes()).set("flags", 2)));
    ok(device.ioctl(block.set("flags", 0)));
  }

  @Test
  void badBlocksFault(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    MemorySegment bad = MemorySegment.ofAddress(test.badAddress());
    for (Request request :
        new Request[] {
          Request.VFIO_DEVICE_ATTACH_IOMMUFD_PT,
          Request.VFIO_DEVICE_DETACH_IOMMUFD_PT,
          Request.VFIO_DEVICE_GET_INFO,
          Request.VFIO_DEVICE_GET_REGION_INFO,
          Request.VFIO_DEVICE_GET_IRQ_INFO,
          Request.VFIO_DEVICE_BIND_IOMMUFD
        }) {
      refused(EFAULT, bound.device().ioctl(request.number(), bad));
    }
  }

  @Test
  void unwritableBlockDetaches(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int hwpt = bound.hwpt(bound.ioas());
    refused(EFAULT, attachUnwritable(test, bound, hwpt));
    ok(bound.iommufd().destroy(hwpt));
  }

  /** The old page table is not gone back to: the device ends up detached from both. */
  @Test
  void unwritableBlockDetachesOnReplaceToo(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    int one = bound.hwpt(ioas);
    int other = bound.hwpt(ioas);
    assertEquals(one, ok(bound.device().attach(one)));
    refused(EFAULT, attachUnwritable(test, bound, other));
    ok(bound.iommufd().destroy(one));
    ok(bound.iommufd().destroy(other));
  }

  private static int attachUnwritable(KernelUnderTest test, BoundDevice bound, int pageTable) {
    var block =
        test.readOnly(memory -> {
          int size = (int) vfio_device_attach_iommufd_pt.sizeof();
          vfio_device_attach_iommufd_pt.argsz(memory, size);
          vfio_device_attach_iommufd_pt.pt_id(memory, pageTable);
        });
    return bound.device().ioctl(Request.VFIO_DEVICE_ATTACH_IOMMUFD_PT.number(), block);
  }
}
