// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.SysfsWrite;
import io.iommufd4j.kernel.SysfsWriter;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.Patience;
import io.iommufd4j.pci.Patience.Watcher.Verdict;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.vfio.VfioDevice;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Devices of a server on their way to vfio-pci and back: refused, named, given up, restored. */
class HostBindingTest {

  private static final String EDU = "0000:00:0a.0";
  private static final String CARD = "0000:01:00.0";
  private static final String FIRST = "0000:01:10.0";
  private static final String SECOND = "0000:01:10.2";
  private static final String DEVICES = "/sys/bus/pci/devices/";
  private static final String DRIVERS = "/sys/bus/pci/drivers/";

  private final SimKernel kernel = SimKernel.on(Machine.named("host:vtd"));
  private final Shell shell = new Shell(kernel);

  @AfterEach
  void close() {
    kernel.close();
  }

  private static VfioBinding bind(Kernel kernel, String address) {
    return VfioBinding.bind(kernel, List.of(PciAddress.parse(address)));
  }

  private HostException refused(String address) {
    String before = Host.of(kernel).devices().toString();
    var refused = assertThrows(HostException.class, () -> bind(kernel, address));
    assertEquals(before, Host.of(kernel).devices().toString(), "nothing was touched");
    return refused;
  }

  private void makeFunctions() {
    assertEquals("ok", shell.write(DEVICES + CARD + "/sriov_numvfs", "2"));
    assertEquals("ok", shell.write(DEVICES + SECOND + "/driver_override", "vfio-pci"));
    assertEquals("ok", shell.write(DRIVERS + "igbvf/unbind", SECOND));
    assertEquals("ok", shell.write("/sys/bus/pci/drivers_probe", SECOND));
    assertEquals("vfio-pci", shell.driver(SECOND));
  }

  private String cdev(String address) {
    return Host.of(kernel).device(PciAddress.parse(address)).cdevPath().orElseThrow();
  }

  @Test
  void bridgesAndFirmwareMappingsAreRefused() {
    var bridge = refused("0000:00:0b.0");
    assertEquals(Errno.EINVAL, bridge.errno());
    assertTrue(bridge.hint().contains("bridge"), bridge.hint());
    var mapped = refused("0000:00:09.0");
    assertEquals(Errno.EINVAL, mapped.errno());
    assertTrue(mapped.hint().contains("0x70000000-0x7000ffff direct"), mapped.hint());
  }

  @Test
  void aDeviceBelowAControllerOfItsGroupIsRefused() {
    var refused = refused("10000:e1:00.0");
    assertEquals(Errno.EBUSY, refused.errno());
    assertTrue(refused.hint().contains("0000:00:10.0"), refused.hint());
    assertTrue(refused.hint().contains("vmd"), refused.hint());
  }

  @Test
  void virtualFunctionsComeBackWithTheirDrivers() {
    makeFunctions();
    String before = Host.of(kernel).devices().toString();
    try (var binding = bind(kernel, CARD)) {
      assertEquals(
          List.of(FIRST, SECOND),
          binding.virtualFunctions().stream()
              .map(PciDevice::address)
              .map(Object::toString)
              .toList());
      assertEquals("vfio-pci", shell.driver(CARD));
      assertTrue(Host.of(kernel).find(PciAddress.parse(FIRST)).isEmpty());
    }
    assertEquals(before, Host.of(kernel).devices().toString());
  }

  @Test
  void aVirtualFunctionInUseIsNamedWithItsUser() {
    makeFunctions();
    try (var user = kernel.control().start("qemu-system-x86")) {
      assertTrue(user.open(cdev(SECOND), libc_h.O_RDWR()) >= 0);
      var refused = refused(CARD);
      assertEquals(Errno.EBUSY, refused.errno());
      assertTrue(refused.hint().contains(SECOND), refused.hint());
      assertTrue(refused.hint().contains("(qemu-system-x86)"), refused.hint());
    }
    try (var binding = bind(kernel, CARD)) {
      assertEquals(2, binding.virtualFunctions().size());
    }
  }

  @Test
  void aDeviceOfAVariantDriverIsUsedAsItIs() {
    String card = "0000:02:00.0";
    assertEquals("ok", shell.write(DEVICES + card + "/driver_override", "virtio_vfio_pci"));
    assertEquals("ok", shell.write(DEVICES + card + "/driver/unbind", card));
    assertEquals("ok", shell.write("/sys/bus/pci/drivers_probe", card));
    try (var binding = bind(kernel, card);
        var device = VfioDevice.open(kernel, PciAddress.parse(card))) {
      assertEquals(List.of(), binding.undo());
      assertTrue(device.fd() >= 0);
      assertEquals("virtio_vfio_pci", shell.driver(card));
    }
    assertEquals("virtio_vfio_pci", shell.driver(card));
    assertEquals("virtio-pci", VfioBinding.release(kernel, PciAddress.parse(card)).orElseThrow());
  }

  @Test
  void newIdThatTakesTheDeviceBackIsNamed() {
    assertEquals("ok", shell.write(DRIVERS + "vfio-pci/new_id", "1234 11e8"));
    assertEquals("vfio-pci", shell.driver(EDU));
    var refused =
        assertThrows(HostException.class, () -> VfioBinding.release(kernel, PciAddress.parse(EDU)));
    assertEquals(Errno.EBUSY, refused.errno());
    assertTrue(refused.hint().contains("remove_id"), refused.hint());
  }

  /** A process that opens the cdev after the search for holders, as the unbind begins. */
  @Test
  void aHolderThatComesLateIsGivenUpOnAndTheDeviceGivenBack() throws InterruptedException {
    bind(kernel, EDU).keep();
    try (var user = kernel.control().start("late")) {
      String cdev = cdev(EDU);
      Kernel raced = before("/unbind", () -> assertTrue(user.open(cdev, libc_h.O_RDWR()) >= 0));
      var patience = new Patience(Duration.ofMinutes(1), (_, _, reason) -> verdict(reason));
      var givenUp =
          assertThrows(
              HostException.class,
              () -> VfioBinding.release(raced, PciAddress.parse(EDU), patience));
      assertEquals(Errno.ETIMEDOUT, givenUp.errno());
    }
    // Once the holder is gone the kernel is through with it, and the undoing follows.
    while (!"vfio-pci".equals(shell.driver(EDU))) {
      Thread.sleep(10);
    }
    assertEquals("vfio-pci\n", shell.read(DEVICES + EDU + "/driver_override"));
  }

  private static Verdict verdict(String reason) {
    return reason.contains("late") || reason.isEmpty() ? Verdict.GIVE_UP : Verdict.GO_ON;
  }

  /** The kernel, with something that happens as a write to some file begins. */
  private Kernel before(String file, Runnable event) {
    return (Kernel)
        Proxy.newProxyInstance(
            Kernel.class.getClassLoader(),
            new Class<?>[] {Kernel.class},
            (_, method, arguments) -> {
              if (method.getName().equals("sysfsWriter")) {
                return new Late(kernel.sysfsWriter(), file, event);
              }
              try {
                return method.invoke(kernel, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private record Late(SysfsWriter writer, String file, Runnable event) implements SysfsWriter {

    @Override
    public void begin(SysfsWrite write) {
      if (write.file().toString().endsWith(file)) {
        event.run();
      }
      writer.begin(write);
    }

    @Override
    public OptionalInt await(Duration time) {
      return writer.await(time);
    }

    @Override
    public void undo(List<SysfsWrite> writes) {
      writer.undo(writes);
    }

    @Override
    public String whereabouts() {
      return writer.whereabouts();
    }

    @Override
    public void leave() {
      writer.leave();
    }

    @Override
    public void close() {
      writer.close();
    }
  }
}
