// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.sriov;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** VFIO's information on a physical function and on a virtual one: regions, interrupts. */
@Conformance
@OnSriovMachines
final class VirtualFunctionInfoTest {

  private static final int INFO = 32;

  @Test
  void deviceIsPci(KernelUnderTest test) {
    Functions functions = Functions.open(test);
    // The physical function has no way to be reset: see PhysicalFunction.
    assertEquals(vfio_h.VFIO_DEVICE_FLAGS_PCI(), flags(functions.physical().device()));
    assertEquals(
        vfio_h.VFIO_DEVICE_FLAGS_PCI() | vfio_h.VFIO_DEVICE_FLAGS_RESET(),
        flags(functions.first().device()));
  }

  private static long flags(OpenDevice device) {
    RequestBlock info = device.block(Request.VFIO_DEVICE_GET_INFO);
    ok(device.ioctl(info));
    assertEquals(vfio_h.VFIO_PCI_NUM_REGIONS(), info.get("num_regions"));
    assertEquals(vfio_h.VFIO_PCI_NUM_IRQS(), info.get("num_irqs"));
    assertEquals(0, info.get("cap_offset"));
    return info.get("flags");
  }

  @ParameterizedTest(name = "region {0}")
  @CsvSource({
    // index, bytes, flags (1 read, 2 write, 4 mmap, 8 capabilities)
    "0, 0x4000, 15",
    "1, 0, 0",
    "2, 0, 0",
    "3, 0, 0",
    "4, 0, 0",
    "5, 0, 0",
    "6, 0, 0",
    "7, 0x1000, 3",
  })
  void regions(int index, String bytes, int flags, KernelUnderTest test) {
    Functions functions = Functions.open(test);
    for (OpenDevice device :
        new OpenDevice[] {functions.physical().device(), functions.first().device()}) {
      RequestBlock info =
          device.block(Request.VFIO_DEVICE_GET_REGION_INFO, INFO).set("index", index);
      ok(device.ioctl(info));
      assertEquals(Long.decode(bytes), info.get("size"));
      assertEquals(flags, info.get("flags"));
      assertEquals((long) index << 40, info.get("offset"));
      assertEquals(index == 0 ? INFO : 0, info.get("cap_offset"));
    }
  }

  /** The BAR that holds the MSI-X table can be mapped whole, which a capability says. */
  @Test
  void tableMayBeMapped(KernelUnderTest test) {
    OpenDevice device = Functions.open(test).first().device();
    RequestBlock info = device.block(Request.VFIO_DEVICE_GET_REGION_INFO, 64);
    ok(device.ioctl(info.size(INFO + 8)));
    assertEquals(INFO, info.get("cap_offset"));
    assertEquals(INFO + 8, info.get("argsz"));
    assertEquals(3, info.memory().get(ValueLayout.JAVA_SHORT, INFO));
    assertEquals(1, info.memory().get(ValueLayout.JAVA_SHORT, INFO + 2));
    assertEquals(0, info.memory().get(ValueLayout.JAVA_INT, INFO + 4));
    RequestBlock small = device.block(Request.VFIO_DEVICE_GET_REGION_INFO).set("cap_offset", 7);
    ok(device.ioctl(small));
    assertEquals(0, small.get("cap_offset"));
    assertEquals(INFO + 8, small.get("argsz"));
    assertEquals(15, small.get("flags"));
    RequestBlock close = device.block(Request.VFIO_DEVICE_GET_REGION_INFO, 64).size(INFO + 7);
    ok(device.ioctl(close));
    assertEquals(0, close.get("cap_offset"));
    assertEquals(INFO + 8, close.get("argsz"));
    refused(EINVAL, device.ioctl(info.size(INFO - 1)));
  }

  @ParameterizedTest(name = "interrupt {0}")
  @CsvSource({
    // index, of the physical function, of a virtual one, flags (1 eventfd, 2 maskable, 4
    // automasked, 8 no resize)
    "0, 1, 0, 7",
    "1, 0, 0, 9",
    "2, 7, 1, 1",
    "3, 1, 1, 9",
    "4, 1, 1, 9",
  })
  void interrupts(int index, int physical, int virtual, int flags, KernelUnderTest test) {
    Functions functions = Functions.open(test);
    assertEquals(physical, interrupts(functions.physical().device(), index, flags));
    assertEquals(virtual, interrupts(functions.second().device(), index, flags));
  }

  private static long interrupts(OpenDevice device, int index, int flags) {
    RequestBlock info = device.block(Request.VFIO_DEVICE_GET_IRQ_INFO).set("index", index);
    ok(device.ioctl(info));
    assertEquals(flags, info.get("flags"));
    return info.get("count");
  }
}
