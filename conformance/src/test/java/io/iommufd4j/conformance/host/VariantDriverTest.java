// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.host;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.pci.PciAddress;
import org.junit.jupiter.api.Test;

/** A VFIO driver other than vfio-pci. */
@Conformance
@OnHostMachines
final class VariantDriverTest {

  private static final String VARIANT = "virtio_vfio_pci";
  private static final String DRIVERS = "/sys/bus/pci/drivers/";

  /** A virtio network card that the host has, for as long as the test does not take it. */
  private static String card(HostFiles files) {
    String card =
        files.names(DRIVERS + "virtio-pci").stream()
            .filter(name -> name.contains(":"))
            .filter(name -> files.read(HostFiles.at(name) + "device").equals("0x1041"))
            .findFirst()
            .orElseThrow();
    files.restore(card);
    return card;
  }

  @Test
  void itTakesOnlyWhatNamesIt(KernelUnderTest test) {
    var files = new HostFiles(test);
    String card = card(files);
    ok(files.unbind("virtio-pci", card));
    refused(ENODEV, files.write(DRIVERS + VARIANT + "/bind", card));
    ok(files.hand(card, VARIANT));
    assertEquals(VARIANT, files.driver(card));
    ok(files.unbind(VARIANT, card));
    ok(files.write(HostFiles.at(card) + "driver_override", "\n"));
    ok(files.write("/sys/bus/pci/drivers_probe", card));
    assertEquals("virtio-pci", files.driver(card));
  }

  @Test
  void itsDeviceLooksLikeThoseOfVfioPci(KernelUnderTest test) {
    var files = new HostFiles(test);
    String card = card(files);
    assertTrue(files.names(HostFiles.at(card)).stream().anyMatch(n -> n.startsWith("virtio")));
    ok(files.hand(card, VARIANT));
    String node = files.names(HostFiles.at(card) + "vfio-dev").getFirst();
    String at = HostFiles.at(card) + "vfio-dev/" + node + "/";
    assertEquals(files.real(at), files.real("/sys/class/vfio-dev/" + node));
    assertEquals(files.real(HostFiles.at(card)), files.real(at + "device"));
    String group = files.path(files.link(HostFiles.at(card) + "iommu_group")).getFileName() + "";
    assertTrue(files.exists("/sys/class/vfio/" + group));
    assertTrue(files.exists("/dev/vfio/devices/" + node));
    assertEquals("0", files.read(HostFiles.at(card) + "enable"));
    ok(files.unbind(VARIANT, card));
    assertFalse(files.exists(at));
    assertFalse(files.exists("/sys/class/vfio/" + group));
  }

  @Test
  void itsDeviceIsAttachedAndReplaced(KernelUnderTest test) {
    var files = new HostFiles(test);
    String card = card(files);
    ok(files.hand(card, VARIANT));
    BoundDevice bound = test.bound(PciAddress.parse(card));
    int first = bound.hwpt(bound.ioas());
    int second = bound.hwpt(bound.ioas());
    assertEquals(first, bound.device().attach(first));
    assertEquals(second, bound.device().attach(second));
    ok(bound.device().detach());
    bound.device().close();
  }

  @Test
  void itMakesNoVirtualFunctions(KernelUnderTest test) {
    var files = new HostFiles(test);
    String igb = files.functionOf("igb");
    files.restore(igb);
    ok(files.hand(igb, VARIANT));
    refused(ENOENT, files.write(HostFiles.at(igb) + "sriov_numvfs", "1"));
  }
}
