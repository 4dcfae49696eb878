// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.vfio;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOTTY;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.Needs;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** VFIO's information on an {@code edu} function: the device, its regions, its interrupts. */
@Conformance
final class DeviceInfoTest {

  @Test
  void deviceIsPci(KernelUnderTest test) {
    OpenDevice device = test.bound(test.machine().lone().getFirst()).device();
    RequestBlock info = device.block(Request.VFIO_DEVICE_GET_INFO);
    ok(device.ioctl(info));
    assertEquals(vfio_h.VFIO_DEVICE_FLAGS_PCI(), info.get("flags"));
    assertEquals(vfio_h.VFIO_PCI_NUM_REGIONS(), info.get("num_regions"));
    assertEquals(vfio_h.VFIO_PCI_NUM_IRQS(), info.get("num_irqs"));
    assertEquals(0, info.get("cap_offset"));
  }

  @Test
  void blocksAreCheckedForTheirSize(KernelUnderTest test) {
    OpenDevice device = test.bound(test.machine().lone().getFirst()).device();
    for (Request request :
        new Request[] {
          Request.VFIO_DEVICE_GET_INFO,
          Request.VFIO_DEVICE_GET_REGION_INFO,
          Request.VFIO_DEVICE_GET_IRQ_INFO
        }) {
      RequestBlock block = device.block(request);
      refused(EINVAL, device.ioctl(block.size(request.minimumBytes() - 1)));
      ok(device.ioctl(block.size(request.minimumBytes())));
    }
  }

  @ParameterizedTest(name = "region {0}")
  @CsvSource({
    // index, bytes, flags (1 read, 2 write, 4 mmap)
    "0, 0x100000, 7",
    "1, 0, 0",
    "2, 0, 0",
    "3, 0, 0",
    "4, 0, 0",
    "5, 0, 0",
    "6, 0, 0",
    "7, 0x100, 3",
  })
  void regions(int index, String bytes, int flags, KernelUnderTest test) {
    OpenDevice device = test.bound(test.machine().lone().getFirst()).device();
    RequestBlock info = device.block(Request.VFIO_DEVICE_GET_REGION_INFO).set("index", index);
    ok(device.ioctl(info));
    assertEquals(Long.decode(bytes), info.get("size"));
    assertEquals(flags, info.get("flags"));
    assertEquals((long) index << 40, info.get("offset"));
    assertEquals(0, info.get("cap_offset"));
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 9, 10, -1})
  void thereAreNoOtherRegions(int index, KernelUnderTest test) {
    OpenDevice device = test.bound(test.machine().lone().getFirst()).device();
    refused(
        EINVAL,
        device.ioctl(device.block(Request.VFIO_DEVICE_GET_REGION_INFO).set("index", index)));
  }

  @ParameterizedTest(name = "interrupt {0}")
  @CsvSource({
    // index, count, flags (1 eventfd, 2 maskable, 4 automasked, 8 no resize)
    "0, 1, 7",
    "1, 1, 9",
    "2, 0, 9",
    "3, 1, 9",
    "4, 1, 9",
  })
  void interrupts(int index, int count, int flags, KernelUnderTest test) {
    if (index == 3) {
      Needs.ERROR_INTERRUPT_OF_EVERY_FUNCTION.of(test);
    }
    OpenDevice device = test.bound(test.machine().lone().getFirst()).device();
    RequestBlock info = device.block(Request.VFIO_DEVICE_GET_IRQ_INFO).set("index", index);
    ok(device.ioctl(info));
    assertEquals(count, info.get("count"));
    assertEquals(flags, info.get("flags"));
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 6, -1})
  void thereAreNoOtherInterrupts(int index, KernelUnderTest test) {
    OpenDevice device = test.bound(test.machine().lone().getFirst()).device();
    refused(
        EINVAL, device.ioctl(device.block(Request.VFIO_DEVICE_GET_IRQ_INFO).set("index", index)));
  }

  /** {@code edu} has neither a function level reset nor a bus of its own. */
  @Test
  void deviceWithoutResetIsNotReset(KernelUnderTest test) {
    OpenDevice device = test.bound(test.machine().lone().getFirst()).device();
    refused(EINVAL, device.ioctl(Request.VFIO_DEVICE_RESET.number(), MemorySegment.NULL));
  }

  @Test
  void whatIsNoRequestIsUnknown(KernelUnderTest test) {
    OpenDevice device = test.bound(test.machine().lone().getFirst()).device();
    MemorySegment block = test.arena().allocate(64);
    refused(ENOTTY, device.ioctl(0, block));
    refused(ENOTTY, device.ioctl(Request.IOMMU_IOAS_ALLOC.number(), block));
  }
}
