// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.vfio;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EBADF;
import static io.iommufd4j.kernel.Errno.EEXIST;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.ENOSPC;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.pci.pci_h;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.OpenEventFd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code VFIO_DEVICE_IOEVENTFD}: an eventfd that writes a register when it is signalled. */
@Conformance
final class IoEventFdTest {

  private static final int WORD = 2;
  private static final int LIVENESS = 4;
  private static final int MOST = 1000;

  private static OpenDevice device(KernelUnderTest test) {
    OpenDevice device = test.bound(test.machine().lone().getFirst()).device();
    device.config(pci_h.PCI_COMMAND(), WORD, pci_h.PCI_COMMAND_MEMORY());
    return device;
  }

  private static RequestBlock block(OpenDevice device, int bytes, long offset, long data, int fd) {
    return device
        .block(Request.VFIO_DEVICE_IOEVENTFD)
        .set("flags", bytes)
        .set("offset", offset)
        .set("data", data)
        .set("fd", fd);
  }

  private static int liveness(OpenDevice device, KernelUnderTest test) {
    MemorySegment value = test.arena().allocate(ValueLayout.JAVA_INT);
    same(4, device.pread(value, LIVENESS));
    return value.get(ValueLayout.JAVA_INT, 0);
  }

  @Test
  void signalWritesTheRegister(KernelUnderTest test) {
    OpenDevice device = device(test);
    OpenEventFd event = test.eventFd();
    OpenEventFd other = test.eventFd();
    ok(device.ioctl(block(device, 4, LIVENESS, 0x1111_2222, event.fd())));
    ok(device.ioctl(block(device, 4, LIVENESS, 0x3333_4444, other.fd())));
    event.signal();
    assertEquals(~0x1111_2222, liveness(device, test));
    assertEquals(0, event.count(), "the kernel takes what is counted");
    other.signal();
    assertEquals(~0x3333_4444, liveness(device, test));
    event.signal();
    assertEquals(~0x1111_2222, liveness(device, test));
  }

  @Test
  void ofSeveralWritesOfOneEventTheFirstSetIsDoneLast(KernelUnderTest test) {
    OpenDevice device = device(test);
    OpenEventFd event = test.eventFd();
    for (int data = 1; data <= 3; data++) {
      ok(device.ioctl(block(device, 4, LIVENESS, data, event.fd())));
    }
    event.signal();
    assertEquals(~1, liveness(device, test));
    ok(device.ioctl(block(device, 4, LIVENESS, 1, -1)));
    event.signal();
    assertEquals(~2, liveness(device, test));
  }

  @Test
  void onlyTheSameWriteIsTakenBack(KernelUnderTest test) {
    OpenDevice device = device(test);
    OpenEventFd event = test.eventFd();
    ok(device.ioctl(block(device, 4, LIVENESS, 7, event.fd())));
    refused(EEXIST, device.ioctl(block(device, 4, LIVENESS, 7, event.fd())));
    refused(EEXIST, device.ioctl(block(device, 4, LIVENESS, 7, 1000)));
    refused(ENODEV, device.ioctl(block(device, 4, LIVENESS, 8, -1)));
    refused(ENODEV, device.ioctl(block(device, 2, LIVENESS, 7, -1)));
    ok(device.ioctl(block(device, 4, LIVENESS, 7, -1)));
    refused(ENODEV, device.ioctl(block(device, 4, LIVENESS, 7, -1)));
    event.signal();
    assertEquals(1, event.count());
  }

  @Test
  void pendingSignalWritesAtOnce(KernelUnderTest test) {
    OpenDevice device = device(test);
    ok(device.ioctl(block(device, 4, LIVENESS, 0x5555, test.eventFd(1).fd())));
    assertEquals(~0x5555, liveness(device, test));
  }

  @Test
  void nothingIsWrittenWithoutDecoding(KernelUnderTest test) {
    OpenDevice device = device(test);
    OpenEventFd event = test.eventFd();
    ok(device.ioctl(block(device, 4, LIVENESS, 1, event.fd())));
    event.signal();
    assertEquals(~1, liveness(device, test));
    ok(device.ioctl(block(device, 4, LIVENESS, 2, test.eventFd().fd())));
    OpenEventFd second = test.eventFd();
    ok(device.ioctl(block(device, 4, LIVENESS, 3, second.fd())));
    device.config(pci_h.PCI_COMMAND(), WORD, 0);
    second.signal();
    assertEquals(0, second.count());
    device.config(pci_h.PCI_COMMAND(), WORD, pci_h.PCI_COMMAND_MEMORY());
    assertEquals(~1, liveness(device, test));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 5, 6, 7, 9, 15, 16, 17})
  void sizeIsOneOfFour(int flags, KernelUnderTest test) {
    OpenDevice device = device(test);
    refused(EINVAL, device.ioctl(block(device, flags, 0, 0, test.eventFd().fd())));
  }

  @Test
  void placeIsInABar(KernelUnderTest test) {
    OpenDevice device = device(test);
    int fd = test.eventFd().fd();
    long bar1 = device.regionOffset(1);
    long rom = device.regionOffset(vfio_h.VFIO_PCI_ROM_REGION_INDEX());
    long config = device.regionOffset(vfio_h.VFIO_PCI_CONFIG_REGION_INDEX());
    refused(EINVAL, device.ioctl(block(device, 4, bar1, 0, fd)));
    refused(EINVAL, device.ioctl(block(device, 4, rom, 0, fd)));
    refused(EINVAL, device.ioctl(block(device, 4, config, 0, fd)));
    refused(EINVAL, device.ioctl(block(device, 4, 0x100000, 0, fd)));
    refused(EINVAL, device.ioctl(block(device, 4, 0xffffe, 0, fd)));
    refused(EINVAL, device.ioctl(block(device, 8, 0xffffc, 0, fd)));
    ok(device.ioctl(block(device, 8, 0xffff8, 0, fd)));
    ok(device.ioctl(block(device, 1, 0xfffff, 0, fd)));
    ok(device.ioctl(block(device, 2, 0xffffd, 0, fd)));
  }

  @Test
  void descriptorIsChecked(KernelUnderTest test) {
    OpenDevice device = device(test);
    refused(EBADF, device.ioctl(block(device, 4, 0, 0, 1000)));
    refused(EINVAL, device.ioctl(block(device, 4, 0, 0, test.memfd(1))));
    refused(EINVAL, device.ioctl(block(device, 4, 0, 0, -2)));
    refused(EINVAL, device.ioctl(block(device, 4, 0, 0, test.eventFd().fd()).size(27)));
    ok(device.ioctl(block(device, 4, 0, 0, test.eventFd().fd()).size(28)));
  }

  @Test
  void thereAreAThousand(KernelUnderTest test) {
    OpenDevice device = device(test);
    int fd = test.eventFd().fd();
    for (int i = 0; i < MOST; i++) {
      ok(device.ioctl(block(device, 4, 0, i, fd)));
    }
    refused(ENOSPC, device.ioctl(block(device, 4, 0, MOST, fd)));
    refused(EEXIST, device.ioctl(block(device, 4, 0, 5, fd)));
    ok(device.ioctl(block(device, 4, 0, 5, -1)));
    ok(device.ioctl(block(device, 4, 0, MOST, fd)));
  }
}
