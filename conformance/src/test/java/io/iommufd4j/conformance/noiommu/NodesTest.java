// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.noiommu;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.container.OpenGroup;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.PciDevice;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nodes, groups, and the parameter that makes VFIO give them out. */
@Conformance
@WithoutIommu
final class NodesTest {

  private static final String DRIVER = "bus/pci/drivers/vfio-pci/";

  private static PciAddress lone(KernelUnderTest test) {
    return test.machine().lone().getFirst();
  }

  private static PciDevice device(KernelUnderTest test, PciAddress address) {
    return Host.of(test.kernel()).device(address);
  }

  private static String group(KernelUnderTest test) {
    return "kernel/iommu_groups/" + device(test, lone(test)).group().orElseThrow();
  }

  private static Attribute attribute(KernelUnderTest test, String path) {
    return new Attribute(test, path);
  }

  private static int bind(KernelUnderTest test, PciAddress address) {
    return attribute(test, DRIVER + "bind").write(address.toString());
  }

  private static int unbind(KernelUnderTest test, PciAddress address) {
    return attribute(test, DRIVER + "unbind").write(address.toString());
  }

  /** Makes sure that the machine is as it was when the test is over. */
  private static void restoreAfter(KernelUnderTest test, PciAddress address) {
    test.keep(() -> {
      attribute(test, Attribute.MODE).write("Y");
      bind(test, address);
    });
  }

  @Test
  void noIommuTranslates(KernelUnderTest test) {
    assertTrue(device(test, lone(test)).iommu().isEmpty());
    assertTrue(
        Host.of(test.kernel()).iommus().stream()
            .allMatch(iommu -> iommu.name().startsWith("iommufd_selftest")));
  }

  @Test
  void nodeIsNamedForWhatItLacks(KernelUnderTest test) throws IOException {
    String node = device(test, lone(test)).cdev().orElseThrow();
    assertTrue(node.matches("noiommu-vfio[0-9]+"), node);
    assertEquals(
        "DEVNAME=vfio/devices/" + node,
        attribute(test, "class/vfio-dev/" + node + "/uevent").text().lines().toList().getLast());
    assertEquals(
        "../../../" + lone(test),
        Files.readSymbolicLink(attribute(test, "class/vfio-dev/" + node + "/device").file())
            .toString());
    refused(ENOENT, test.kernel().open("/dev/vfio/devices/vfio0", libc_h.O_RDWR()));
    OpenGroup.of(test, lone(test));
  }

  @Test
  void groupIsVfiosOwn(KernelUnderTest test) throws IOException {
    assertEquals("vfio-noiommu", attribute(test, group(test) + "/name").text());
    assertEquals("unknown", attribute(test, group(test) + "/type").text());
    assertEquals("", attribute(test, group(test) + "/reserved_regions").text());
    int number = device(test, lone(test)).group().orElseThrow();
    String node = "class/vfio/noiommu-" + number;
    assertEquals(
        "DEVNAME=vfio/noiommu-" + number,
        attribute(test, node + "/uevent").text().lines().toList().getLast());
    assertEquals(
        "../../devices/virtual/vfio/noiommu-" + number,
        Files.readSymbolicLink(attribute(test, node).file()).toString());
    refused(ENOENT, OpenGroup.tryOpen(test, "/dev/vfio/" + number));
  }

  @Test
  void functionsOfOneSlotShareNothing(KernelUnderTest test) {
    long groups =
        test.machine().all().stream()
            .map(address -> device(test, address).group().orElseThrow())
            .distinct()
            .count();
    assertEquals(test.machine().all().size(), groups);
  }

  @ParameterizedTest
  @ValueSource(strings = {"DMA", "identity", "auto", "nonsense"})
  void groupHasNoTypeToChange(String type, KernelUnderTest test) {
    refused(EINVAL, attribute(test, group(test) + "/type").write(type));
  }

  @Test
  void groupGoesWithItsDevice(KernelUnderTest test) {
    PciAddress address = lone(test);
    int number = device(test, address).group().orElseThrow();
    String group = group(test);
    restoreAfter(test, address);
    ok(unbind(test, address));
    assertTrue(device(test, address).group().isEmpty());
    assertTrue(device(test, address).cdev().isEmpty());
    assertFalse(Files.exists(attribute(test, group).file()));
    assertFalse(Files.exists(attribute(test, "class/vfio/noiommu-" + number).file()));
    refused(ENOENT, OpenGroup.tryOpen(test, "/dev/vfio/noiommu-" + number));
    ok(bind(test, address));
    assertEquals(number, device(test, address).group().orElseThrow(), "the lowest that is free");
  }

  @Test
  void groupsAndNodesAreNumberedApart(KernelUnderTest test) {
    PciAddress first = test.machine().lone().get(0);
    PciAddress second = test.machine().lone().get(1);
    String nodes = device(test, first).cdev().orElseThrow();
    int group = device(test, first).group().orElseThrow();
    restoreAfter(test, second);
    restoreAfter(test, first);
    ok(unbind(test, first));
    ok(unbind(test, second));
    ok(bind(test, second));
    assertEquals(group, device(test, second).group().orElseThrow());
    assertEquals(nodes, device(test, second).cdev().orElseThrow());
    ok(unbind(test, second));
    ok(bind(test, first));
    ok(bind(test, second));
  }

  @Test
  void withoutTheParameterNoDeviceIsTaken(KernelUnderTest test) throws IOException {
    PciAddress address = lone(test);
    Attribute mode = attribute(test, Attribute.MODE);
    assertEquals("Y", mode.text());
    restoreAfter(test, address);
    refused(EINVAL, mode.write("Q"));
    ok(mode.write("0"));
    assertEquals("N", mode.text());
    ok(unbind(test, address));
    refused(EINVAL, bind(test, address));
    assertTrue(device(test, address).group().isEmpty());
    ok(mode.write("on"));
    assertEquals("Y", mode.text());
    ok(bind(test, address));
  }

  @Test
  void deviceThatWasTakenStays(KernelUnderTest test) {
    restoreAfter(test, lone(test));
    ok(attribute(test, Attribute.MODE).write("N"));
    test.bound(lone(test));
  }
}
