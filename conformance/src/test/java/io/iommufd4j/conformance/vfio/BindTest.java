// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.vfio;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.E2BIG;
import static io.iommufd4j.kernel.Errno.EBADF;
import static io.iommufd4j.kernel.Errno.EBADFD;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.vfio.vfio_device_bind_iommufd;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.Needs;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** {@code VFIO_DEVICE_BIND_IOMMUFD}, and what a device answers before it. */
@Conformance
final class BindTest {

  @Test
  void everythingElseComesAfterBind(KernelUnderTest test) {
    OpenDevice device = test.device(test.machine().lone().getFirst());
    for (Request request :
        new Request[] {
          Request.VFIO_DEVICE_GET_INFO,
          Request.VFIO_DEVICE_GET_REGION_INFO,
          Request.VFIO_DEVICE_GET_IRQ_INFO,
          Request.VFIO_DEVICE_FEATURE,
          Request.VFIO_DEVICE_ATTACH_IOMMUFD_PT,
          Request.VFIO_DEVICE_DETACH_IOMMUFD_PT
        }) {
      refused(EINVAL, device.ioctl(device.block(request)));
    }
    refused(EINVAL, device.ioctl(Request.VFIO_DEVICE_RESET.number(), MemorySegment.NULL));
    refused(EINVAL, device.ioctl(0, MemorySegment.NULL));
    MemorySegment buffer = test.arena().allocate(4);
    refused(EINVAL, device.pread(buffer, 0));
    refused(EINVAL, device.pwrite(buffer, 0));
    refused(
        EINVAL, test.kernel().mmap(4096, libc_h.PROT_READ(), libc_h.MAP_SHARED(), device.fd(), 0));
  }

  @Test
  void deviceIsBoundOnce(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    refused(EINVAL, bound.device().bind(bound.iommufd()));
    refused(EINVAL, bound.device().bind(test.iommufd()));
  }

  @Test
  void secondFileOfADeviceCannotBind(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    OpenDevice again = test.device(test.machine().lone().getFirst());
    refused(EINVAL, again.bind(bound.iommufd()));
    bound.device().close();
    assertEquals(bound.id(), ok(again.bind(bound.iommufd())));
  }

  @Test
  void onlyAnIommufdWillDo(KernelUnderTest test) {
    OpenDevice device = test.device(test.machine().lone().getFirst());
    refused(EINVAL, device.bind(-1));
    refused(EBADF, device.bind(1000));
    refused(EBADFD, device.bind(device.fd()));
    refused(EBADFD, device.bind(test.memfd(1)));
    ok(device.bind(test.iommufd()));
  }

  @Test
  void blockIsCheckedAsItGrows(KernelUnderTest test) {
    Needs.BIND_TOKENS.of(test);
    OpenDevice device = test.device(test.machine().lone().getFirst());
    OpenIommufd iommufd = test.iommufd();
    Request request = Request.VFIO_DEVICE_BIND_IOMMUFD;
    RequestBlock block = device.block(request, 8).set("iommufd", iommufd.fd());
    for (int size = 0; size < request.minimumBytes(); size++) {
      refused(EINVAL, device.ioctl(block.size(size)));
    }
    long full = block.memory().byteSize();
    block.memory().set(ValueLayout.JAVA_BYTE, full - 1, (byte) 1);
    refused(E2BIG, device.ioctl(block.size(full)));
    refused(EINVAL, device.ioctl(block.size(full - 8).set("flags", 2)));
    ok(device.ioctl(block.set("flags", 0)));
  }

  @Test
  void tokenIsForDevicesThatHaveOne(KernelUnderTest test) {
    Needs.BIND_TOKENS.of(test);
    OpenDevice device = test.device(test.machine().lone().getFirst());
    RequestBlock block =
        device
            .block(Request.VFIO_DEVICE_BIND_IOMMUFD)
            .set("iommufd", test.iommufd().fd())
            .set("flags", 1)
            .set("token_uuid_ptr", test.badAddress());
    refused(EFAULT, device.ioctl(block));
    same(
        EINVAL.negated(),
        device.ioctl(block.set("token_uuid_ptr", test.arena().allocate(16).address())));
  }

  @Test
  void unwritableBlockUndoesTheBind(KernelUnderTest test) {
    OpenDevice device = test.device(test.machine().lone().getFirst());
    OpenIommufd iommufd = test.iommufd();
    var block =
        test.readOnly(memory -> {
          vfio_device_bind_iommufd.argsz(memory, (int) vfio_device_bind_iommufd.sizeof());
          vfio_device_bind_iommufd.iommufd(memory, iommufd.fd());
        });
    refused(EFAULT, device.ioctl(Request.VFIO_DEVICE_BIND_IOMMUFD.number(), block));
    assertEquals(1, ok(device.bind(iommufd)));
  }

  @Test
  void closeUndoesTheBind(KernelUnderTest test) {
    OpenIommufd iommufd = test.iommufd();
    for (int i = 0; i < 3; i++) {
      BoundDevice bound = test.bound(iommufd, test.machine().lone().getFirst());
      assertEquals(1, bound.id());
      bound.device().close();
    }
  }
}
