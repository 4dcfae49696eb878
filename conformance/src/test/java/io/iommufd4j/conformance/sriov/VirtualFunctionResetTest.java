// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.sriov;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.sriov.PhysicalFunction.TOKEN;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOSPC;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Resets of functions, and of the bus they are on. */
@Conformance
@OnSriovMachines
final class VirtualFunctionResetTest {

  private static final int HEADER = 12;
  private static final int ENTRY = 8;
  private static final int BY_ID = vfio_h.VFIO_PCI_HOT_RESET_FLAG_DEV_ID();
  private static final int OWNED = vfio_h.VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED();

  private static RequestBlock info(OpenDevice device) {
    return device.block(Request.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, 8 * ENTRY);
  }

  private static int id(RequestBlock info, int entry) {
    return info.memory().get(ValueLayout.JAVA_INT, HEADER + entry * ENTRY);
  }

  private static int place(RequestBlock info, int entry) {
    return info.memory().get(ValueLayout.JAVA_INT, HEADER + entry * ENTRY + 4);
  }

  private static int hotReset(OpenDevice device, int... groups) {
    RequestBlock block =
        device.block(Request.VFIO_DEVICE_PCI_HOT_RESET, 64).set("count", groups.length);
    for (int i = 0; i < groups.length; i++) {
      block.memory().set(ValueLayout.JAVA_INT, HEADER + 4L * i, groups[i]);
    }
    return device.ioctl(block);
  }

  private static int reset(OpenDevice device) {
    return device.ioctl(Request.VFIO_DEVICE_RESET.number(), MemorySegment.NULL);
  }

  @Test
  void functionAloneOnItsBusOwnsTheBus(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.bound(test);
    ok(function.set("reset_method", "default"));
    BoundDevice physical = test.bound(function.address());
    RequestBlock info = info(physical.device());
    ok(physical.device().ioctl(info));
    assertEquals(1, info.get("count"));
    assertEquals(BY_ID | OWNED, info.get("flags"));
    assertEquals(physical.id(), id(info, 0));
    assertEquals(function.address().bus() << 16, place(info, 0));
    ok(reset(physical.device()));
  }

  /** Each virtual function is a set of its own to VFIO, so none may reset all. */
  @Test
  void virtualFunctionsAreOnTheBusAndNotInTheSet(KernelUnderTest test) {
    Functions functions = Functions.open(test);
    BoundDevice[] all = {functions.physical(), functions.first(), functions.second()};
    int bus = functions.function().address().bus() << 16;
    for (int self = 0; self < all.length; self++) {
      OpenDevice device = all[self].device();
      RequestBlock info = info(device);
      ok(device.ioctl(info));
      assertEquals(3, info.get("count"));
      assertEquals(BY_ID, info.get("flags"));
      for (int i = 0; i < all.length; i++) {
        assertEquals(bus | i << 24, place(info, i));
        assertEquals(i == self ? all[i].id() : vfio_h.VFIO_PCI_DEVID_NOT_OWNED(), id(info, i));
      }
      refused(EINVAL, hotReset(device));
    }
  }

  @Test
  void listIsAskedForWithRoom(KernelUnderTest test) {
    OpenDevice device = Functions.open(test).first().device();
    RequestBlock info = info(device);
    same(ENOSPC.negated(), device.ioctl(info.size(HEADER + 2 * ENTRY)));
    assertEquals(3, info.get("count"));
    ok(device.ioctl(info.size(HEADER + 3 * ENTRY)));
  }

  @Test
  void eachIsResetByItself(KernelUnderTest test) {
    Functions functions = Functions.open(test);
    ok(reset(functions.first().device()));
    refused(EINVAL, reset(functions.physical().device()));
    ok(reset(functions.second().device()));
    assertEquals("2", functions.function().get("sriov_numvfs"));
  }

  @Test
  void waysToResetAreChosen(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.with(1, test);
    assertEquals("", function.get("reset_method"));
    refused(EINVAL, function.set("reset_method", "nonsense"));
    refused(EINVAL, function.set("reset_method", "af_flr"));
    refused(EINVAL, function.set("reset_method", "flr nonsense"));
    assertEquals("", function.get("reset_method"));
    ok(function.set("reset_method", "flr"));
    assertEquals("flr", function.get("reset_method"));
    ok(function.set("reset_method", "default"));
    assertEquals("flr", function.get("reset_method"), "virtual functions are on the bus too");
    ok(function.count(0));
    assertEquals("flr", function.get("reset_method"));
    ok(function.set("reset_method", "default\n"));
    assertEquals("flr bus", function.get("reset_method"));
    refused(EINVAL, function.set("reset_method", "default flr"));
    ok(function.set("reset_method", "bus  flr flr "));
    assertEquals("bus flr flr", function.get("reset_method"));
  }

  @Test
  void virtualFunctionHasTheExpressReset(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.with(1, test);
    String way = "bus/pci/devices/" + function.virtual(0) + "/reset_method";
    assertEquals("flr", function.read(way));
    ok(function.write(way, "\n"));
    OpenDevice device = test.device(function.virtual(0));
    OpenDevice physical = test.device(function.address());
    OpenIommufd iommufd = test.iommufd();
    ok(physical.bind(iommufd, TOKEN));
    ok(device.bind(iommufd, TOKEN));
    refused(EINVAL, reset(device));
    ok(function.write(way, "flr"));
    // Whether there is a way is asked when the device is opened.
    refused(EINVAL, reset(device));
  }
}
