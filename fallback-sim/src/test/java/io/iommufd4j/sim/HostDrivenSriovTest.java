// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.libc.libc_h;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A network card of the host with SR-IOV: who has its virtual functions, and what becomes of them.
 */
class HostDrivenSriovTest {

  private static final String CARD = "0000:01:00.0";
  private static final String FIRST = "0000:01:10.0";
  private static final String SECOND = "0000:01:10.2";
  private static final String DEVICES = "/sys/bus/pci/devices/";
  private static final String AT = DEVICES + CARD + "/";

  private final SimKernel kernel = SimKernel.on(Machine.named("host:vtd"));
  private final Shell shell = new Shell(kernel);

  @AfterEach
  void close() {
    kernel.close();
  }

  @Test
  void theCardIsTheHosts() {
    assertEquals("igb", shell.driver(CARD));
    assertEquals("7\n", shell.read(AT + "sriov_totalvfs"));
    assertEquals("0\n", shell.read(AT + "sriov_numvfs"));
    assertEquals("1\n", shell.read(AT + "sriov_drivers_autoprobe"));
    assertEquals("128\n", shell.read(AT + "sriov_offset"));
    assertEquals("2\n", shell.read(AT + "sriov_stride"));
    assertEquals("10ca\n", shell.read(AT + "sriov_vf_device"));
    assertEquals(List.of("eth1"), shell.list(AT + "net"));
    assertEquals("down\n", shell.read(AT + "net/eth1/operstate"));
    assertEquals("0x1002\n", shell.read("/sys/class/net/eth1/flags"));
    assertEquals(shell.real(AT), shell.real("/sys/class/net/eth1/device"));
    assertEquals("/sys/devices/pci0000:00/0000:00:0b.0/" + CARD, shell.real(AT));
  }

  @Test
  void itsVirtualFunctionsAreTheHostsToo() {
    assertEquals("ERANGE", shell.write(AT + "sriov_numvfs", "8"));
    assertEquals("ok", shell.write(AT + "sriov_numvfs", "2"));
    assertEquals("EBUSY", shell.write(AT + "sriov_numvfs", "3"));
    assertEquals(shell.real(DEVICES + FIRST), shell.real(AT + "virtfn0"));
    assertEquals(shell.real(DEVICES + SECOND), shell.real(AT + "virtfn1"));
    assertEquals(shell.real(AT), shell.real(DEVICES + SECOND + "/physfn"));
    assertEquals("igbvf", shell.driver(FIRST));
    assertEquals("0x10ca\n", shell.read(DEVICES + FIRST + "/device"));
    assertEquals(List.of("eth2"), shell.list(DEVICES + FIRST + "/net"));
    assertEquals(List.of("eth3"), shell.list(DEVICES + SECOND + "/net"));
    assertFalse(
        shell.real(DEVICES + FIRST + "/iommu_group").equals(shell.real(AT + "iommu_group")));
    assertEquals("ok", shell.write(AT + "sriov_numvfs", "0"));
    assertFalse(shell.exists(DEVICES + FIRST));
    assertFalse(shell.exists("/sys/class/net/eth2"));
    assertFalse(shell.exists(AT + "virtfn0"));
  }

  @Test
  void withoutAutoprobeTheyHaveNoDriver() {
    assertEquals("ok", shell.write(AT + "sriov_drivers_autoprobe", "0"));
    assertEquals("ok", shell.write(AT + "sriov_numvfs", "1"));
    assertEquals("", shell.driver(FIRST));
    assertEquals("ENODEV", shell.write("/sys/bus/pci/drivers/igbvf/bind", FIRST));
    assertEquals("ok", shell.write(AT + "sriov_drivers_autoprobe", "1"));
    assertEquals("ok", shell.write("/sys/bus/pci/drivers/igbvf/bind", FIRST));
    assertTrue(shell.exists("/sys/class/net/eth2"));
  }

  @Test
  void theyGoWithTheDriverOfTheCard() {
    assertEquals("ok", shell.write(AT + "sriov_numvfs", "7"));
    assertTrue(shell.exists("/sys/class/net/eth8"));
    assertEquals("ok", shell.write(AT + "driver/unbind", CARD));
    assertEquals(List.of("eth0"), shell.list("/sys/class/net"), "another card");
    assertFalse(shell.exists(DEVICES + FIRST));
    assertEquals("0\n", shell.read(AT + "sriov_numvfs"));
    assertEquals("8\n", shell.read(AT + "sriov_totalvfs"), "the hardware's own");
    assertEquals("ENOENT", shell.write(AT + "sriov_numvfs", "1"));
    assertEquals("ok", shell.write("/sys/bus/pci/drivers/igb/bind", CARD));
    assertEquals("7\n", shell.read(AT + "sriov_totalvfs"));
    assertEquals("0\n", shell.read(AT + "sriov_numvfs"));
  }

  @Test
  void vfioTakesAVirtualFunctionWithoutAToken() {
    assertEquals("ok", shell.write(AT + "sriov_numvfs", "1"));
    shell.bind(FIRST, "vfio-pci");
    assertEquals(List.of("eth0", "eth1"), shell.list("/sys/class/net"));
    int fd = kernel.open("/dev/vfio/devices/vfio0", libc_h.O_RDWR());
    assertTrue(fd >= 0);
    assertEquals(0, kernel.close(fd));
  }

  @Test
  void unbindingTheCardWaitsForTheUserOfAVirtualFunction() throws Exception {
    assertEquals("ok", shell.write(AT + "sriov_numvfs", "2"));
    shell.bind(SECOND, "vfio-pci");
    int fd = kernel.open("/dev/vfio/devices/vfio0", libc_h.O_RDWR());
    CompletableFuture<String> unbind = shell.begin(AT + "driver/unbind", CARD);
    while (shell.exists("/sys/class/vfio-dev/vfio0")) {
      Thread.onSpinWait();
    }
    // What Linux has done by now: the card shows no driver, and its interface is still there.
    assertEquals("", shell.driver(CARD));
    assertTrue(shell.exists("/sys/class/net/eth1"));
    assertFalse(shell.exists("/sys/class/net/eth2"));
    assertFalse(shell.exists(DEVICES + FIRST));
    assertTrue(shell.exists(DEVICES + SECOND));
    assertFalse(shell.exists(AT + "virtfn1"));
    assertFalse(unbind.isDone());
    assertEquals(0, kernel.close(fd));
    assertEquals("ok", unbind.get());
    assertFalse(shell.exists(DEVICES + SECOND));
    assertFalse(shell.exists("/sys/class/net/eth1"));
  }
}
