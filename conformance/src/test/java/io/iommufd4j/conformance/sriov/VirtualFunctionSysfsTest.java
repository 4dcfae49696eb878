// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.sriov;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.PciDevice;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Virtual functions appear in sysfs and {@code /dev}, and go again. */
@Conformance
@OnSriovMachines
final class VirtualFunctionSysfsTest {

  private static final String DEVICES = "bus/pci/devices/";
  private static final String DRIVER = "bus/pci/drivers/vfio-pci/";

  private static PciDevice find(KernelUnderTest test, PciAddress address) {
    return Host.of(test.kernel()).device(address);
  }

  @Test
  void functionsLieBehindThePhysicalOne(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.with(2, test);
    PciAddress at = function.address();
    for (int i = 0; i < 2; i++) {
      PciAddress virtual = function.virtual(i);
      assertEquals(at.bus(), virtual.bus());
      assertEquals(i + 1, virtual.device() << 3 | virtual.function());
      String place = DEVICES + virtual;
      assertEquals(at.toString(), function.linked(place + "/physfn"));
      assertEquals("vfio-pci", function.linked(place + "/driver"));
      assertEquals("pci", function.linked(place + "/subsystem"));
      assertFalse(function.exists(place + "/sriov_numvfs"));
      assertTrue(function.exists(place + "/sriov_vf_msix_count"));
      assertTrue(function.exists(place + "/resource0"));
    }
  }

  @Test
  void functionsAreVfiosOwn(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.with(2, test);
    for (int i = 0; i < 2; i++) {
      PciDevice virtual = find(test, function.virtual(i));
      assertEquals(Optional.of("vfio-pci"), virtual.driver());
      assertEquals(Optional.of("vfio-pci"), virtual.driverOverride());
      assertEquals("1b36:0010", virtual.ids());
      assertEquals(0x010802, virtual.classCode());
      assertEquals(2, virtual.revision());
      assertEquals(find(test, function.address()).iommu(), virtual.iommu());
      assertTrue(virtual.cdev().isPresent());
      assertEquals("0", function.read(DEVICES + function.virtual(i) + "/irq"));
    }
  }

  @Test
  void eachIsAGroupOfItsOwn(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.with(2, test);
    int own = find(test, function.address()).group().orElseThrow();
    int first = find(test, function.virtual(0)).group().orElseThrow();
    int second = find(test, function.virtual(1)).group().orElseThrow();
    assertEquals(own + 1, first);
    assertEquals(own + 2, second);
    var group = Host.of(test.kernel()).group(second).orElseThrow();
    assertEquals(List.of(function.virtual(1)), group.members());
    assertFalse(group.reserved().isEmpty());
    assertTrue(function.exists("class/vfio/" + first));
  }

  @Test
  void nothingIsLeftOfThem(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.with(2, test);
    PciAddress virtual = function.virtual(0);
    int group = find(test, virtual).group().orElseThrow();
    String cdev = find(test, virtual).cdev().orElseThrow();
    ok(function.count(0));
    assertEquals("0", function.get("sriov_numvfs"));
    assertFalse(function.exists(DEVICES + virtual));
    assertFalse(function.exists(DEVICES + function.address() + "/virtfn0"));
    assertFalse(function.exists("kernel/iommu_groups/" + group));
    assertFalse(function.exists("class/vfio-dev/" + cdev));
    assertFalse(function.exists("class/vfio/" + group));
    assertFalse(function.exists(DRIVER + virtual));
    refused(ENOENT, test.kernel().open("/dev/vfio/devices/" + cdev, 2));
    refused(ENOENT, test.kernel().open("/dev/vfio/" + group, 2));
    refused(ENODEV, function.write(DRIVER + "bind", virtual.toString()));
    ok(function.count(1));
    assertEquals(group, find(test, virtual).group().orElseThrow());
    assertEquals(Optional.of(cdev), find(test, virtual).cdev());
  }

  /** The driver is chosen by {@code driver_override}, so it is asked all the same. */
  @Test
  void overrideOutdoesAutoprobe(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.bound(test);
    ok(function.set("sriov_drivers_autoprobe", "0"));
    ok(function.count(1));
    assertEquals(Optional.of("vfio-pci"), find(test, function.virtual(0)).driver());
  }

  @Test
  void withoutAutoprobeNoDriverTakesAFunctionThatIsNotMeantForIt(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.bound(test);
    ok(function.set("sriov_drivers_autoprobe", "0"));
    ok(function.count(1));
    PciAddress virtual = function.virtual(0);
    ok(function.write(DRIVER + "unbind", virtual.toString()));
    ok(function.write(DEVICES + virtual + "/driver_override", "\n"));
    ok(function.write(DRIVER + "new_id", "1b36 0010"));
    test.keep(() -> ok(function.write(DRIVER + "remove_id", "1b36 0010")));
    assertEquals(Optional.empty(), find(test, virtual).driver());
    refused(ENODEV, function.write(DRIVER + "bind", virtual.toString()));
    ok(function.set("sriov_drivers_autoprobe", "1"));
    ok(function.write(DRIVER + "bind", virtual.toString()));
  }

  @Test
  void functionIsTakenFromVfioAndGivenBack(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.with(1, test);
    PciAddress virtual = function.virtual(0);
    refused(EBUSY, function.write(DRIVER + "bind", virtual.toString()));
    ok(function.write(DRIVER + "unbind", virtual.toString()));
    assertEquals(Optional.empty(), find(test, virtual).driver());
    assertEquals(Optional.empty(), find(test, virtual).cdev());
    assertEquals(Optional.of("vfio-pci"), find(test, virtual).driverOverride());
    ok(function.write("bus/pci/drivers_probe", virtual.toString()));
    assertEquals(Optional.of("vfio-pci"), find(test, virtual).driver());
    ok(function.write(DRIVER + "unbind", virtual.toString()));
    ok(function.count(0));
  }

  @Test
  void physicalFunctionTakesThemAlongWhenItGoes(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.with(2, test);
    PciAddress virtual = function.virtual(1);
    ok(function.unbind());
    assertFalse(function.exists(DEVICES + virtual));
    assertEquals("0", function.get("sriov_numvfs"));
    refused(ENOENT, function.count(2));
  }

  @Test
  void eventsTellOfThem(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.with(1, test);
    String virtual = DEVICES + function.virtual(0);
    String event =
        """
        DRIVER=vfio-pci
        PCI_CLASS=10802
        PCI_ID=1B36:0010
        PCI_SUBSYS_ID=1AF4:1100
        PCI_SLOT_NAME=%s
        MODALIAS=%s\
        """
            .formatted(function.virtual(0), function.read(virtual + "/modalias"));
    assertEquals(event, function.read(virtual + "/uevent"));
    assertEquals(
        "pci:v00001B36d00000010sv00001AF4sd00001100bc01sc08i02",
        function.read(virtual + "/modalias"));
    assertEquals("0x1b36", function.read(virtual + "/vendor"));
    assertNotEquals(
        function.read(virtual + "/resource"),
        function.read(DEVICES + function.address() + "/resource"));
  }

  @Test
  void barsAreSlicesOfThePhysicalFunctions(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.with(2, test);
    var whole = function.get("resource").lines().toList().get(7).split(" ", -1);
    long start = Long.decode(whole[0]);
    long each = (Long.decode(whole[1]) + 1 - start) / 2;
    for (int i = 0; i < 2; i++) {
      String path = DEVICES + function.virtual(i) + "/resource";
      var bar = function.read(path).lines().toList().getFirst().split(" ", -1);
      assertEquals(start + i * each, Long.decode(bar[0]));
      assertEquals(start + (i + 1) * each - 1, Long.decode(bar[1]));
      assertEquals(whole[2], bar[2]);
    }
  }
}
