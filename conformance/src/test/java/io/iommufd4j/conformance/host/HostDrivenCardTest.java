// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.host;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.ERANGE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OtherProgram;
import io.iommufd4j.conformance.extension.Conformance;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A network card with SR-IOV that the host's own driver has. */
@Conformance
@OnHostMachines
final class HostDrivenCardTest {

  /** The card, with no virtual functions when the test begins and when it ends. */
  private static final class Card {
    final HostFiles files;
    final String address;
    final String at;

    Card(KernelUnderTest test) {
      files = new HostFiles(test);
      address = files.functionOf("igb");
      at = HostFiles.at(address);
      files.restore(address);
      test.keep(() -> {
        if (files.driver(address).equals("igb")) {
          ok(count(0));
        }
        ok(files.write(at + "sriov_drivers_autoprobe", "1"));
      });
    }

    long count(int functions) {
      return files.write(at + "sriov_numvfs", Integer.toString(functions));
    }

    String virtual(int number) {
      return files.path(files.link(at + "virtfn" + number)).getFileName().toString();
    }

    String get(String attribute) {
      return files.read(at + attribute);
    }

    String interfaceOf(String function) {
      return files.names(HostFiles.at(function) + "net").getFirst();
    }

    /** An unbind from the host's driver that waits for the user of the first virtual function. */
    CompletableFuture<Long> begin(String path, String text, String virtual) {
      var write = files.begin(path, text);
      while (files.exists(HostFiles.at(virtual) + "vfio-dev")) {
        Thread.onSpinWait();
      }
      assertFalse(write.isDone());
      return write;
    }
  }

  @Test
  void theCardSaysWhatItCanHave(KernelUnderTest test) {
    var card = new Card(test);
    assertEquals("7", card.get("sriov_totalvfs"));
    assertEquals("0", card.get("sriov_numvfs"));
    assertEquals("1", card.get("sriov_drivers_autoprobe"));
    assertEquals("128", card.get("sriov_offset"));
    assertEquals("2", card.get("sriov_stride"));
    assertEquals("10ca", card.get("sriov_vf_device"));
    assertEquals("0", card.get("sriov_vf_total_msix"));
    String network = card.interfaceOf(card.address);
    assertEquals(
        card.files.real(card.at), card.files.real("/sys/class/net/" + network + "/device"));
    assertEquals("down", card.get("net/" + network + "/operstate"));
    assertEquals("0x1002", card.get("net/" + network + "/flags"));
  }

  @Test
  void virtualFunctionsComeAndGo(KernelUnderTest test) {
    var card = new Card(test);
    refused(ERANGE, card.count(8));
    refused(EINVAL, card.files.write(card.at + "sriov_numvfs", "many"));
    ok(card.count(2));
    ok(card.count(2));
    refused(EBUSY, card.count(1));
    List<String> all = List.of(card.virtual(0), card.virtual(1));
    assertEquals(List.of("0000:01:10.0", "0000:01:10.2"), all);
    assertNotEquals(
        card.files.real(HostFiles.at(all.get(0)) + "iommu_group"),
        card.files.real(HostFiles.at(all.get(1)) + "iommu_group"));
    for (String each : all) {
      assertEquals("igbvf", card.files.driver(each));
      assertEquals(card.files.real(card.at), card.files.real(HostFiles.at(each) + "physfn"));
      assertTrue(card.files.exists("/sys/class/net/" + card.interfaceOf(each)));
    }
    ok(card.count(0));
    all.forEach(each -> assertFalse(card.files.exists(HostFiles.at(each))));
    assertFalse(card.files.exists(card.at + "virtfn0"));
  }

  @Test
  void withoutAutoprobeTheyHaveNoDriver(KernelUnderTest test) {
    var card = new Card(test);
    ok(card.files.write(card.at + "sriov_drivers_autoprobe", "0"));
    ok(card.count(1));
    String virtual = card.virtual(0);
    assertEquals("", card.files.driver(virtual));
    refused(ENODEV, card.files.write("/sys/bus/pci/drivers/igbvf/bind", virtual));
    ok(card.files.hand(virtual, "vfio-pci"));
  }

  @Test
  void theyGoWithTheDriver(KernelUnderTest test) {
    var card = new Card(test);
    ok(card.count(2));
    List<String> all = List.of(card.virtual(0), card.virtual(1));
    String network = card.interfaceOf(all.getFirst());
    ok(card.files.hand(all.get(1), "vfio-pci"));
    ok(card.files.unbind("igb", card.address));
    all.forEach(each -> assertFalse(card.files.exists(HostFiles.at(each))));
    assertFalse(card.files.exists("/sys/class/net/" + network));
    assertFalse(card.files.exists(card.at + "net"));
    assertEquals("0", card.get("sriov_numvfs"));
    assertEquals("8", card.get("sriov_totalvfs"), "the hardware's own");
    refused(ENOENT, card.count(1));
    ok(card.files.write("/sys/bus/pci/drivers/igb/bind", card.address));
    assertEquals("0", card.get("sriov_numvfs"));
    ok(card.count(2));
    assertEquals(all, List.of(card.virtual(0), card.virtual(1)));
    assertEquals("(null)", card.files.read(HostFiles.at(all.get(1)) + "driver_override"));
    assertEquals("igbvf", card.files.driver(all.get(1)));
  }

  private static OtherProgram user(KernelUnderTest test, Card card, String virtual) {
    ok(card.files.hand(virtual, "vfio-pci"));
    OtherProgram user = test.program();
    String node = card.files.names(HostFiles.at(virtual) + "vfio-dev").getFirst();
    ok(user.open("/dev/vfio/devices/" + node));
    return user;
  }

  @Test
  void unbindWaitsForTheUserOfOne(KernelUnderTest test) {
    var card = new Card(test);
    ok(card.count(2));
    String virtual = card.virtual(0);
    OtherProgram user = user(test, card, virtual);
    String network = card.interfaceOf(card.address);
    var unbind = card.begin("/sys/bus/pci/drivers/igb/unbind", card.address, virtual);
    assertEquals("", card.files.driver(card.address));
    assertEquals("", card.files.driver(virtual));
    assertTrue(card.files.exists("/sys/class/net/" + network), "its interface goes last");
    assertTrue(card.files.exists(HostFiles.at(virtual)));
    assertFalse(card.files.exists(card.at + "virtfn0"));
    assertFalse(card.files.exists(HostFiles.at(virtual) + "physfn"));
    assertTrue(card.files.exists(card.at + "virtfn1"));
    assertEquals("igbvf", card.files.driver(card.virtual(1)));
    user.close();
    assertEquals(0, unbind.join());
    assertFalse(card.files.exists(HostFiles.at(virtual)));
    assertFalse(card.files.exists("/sys/class/net/" + network));
  }

  @Test
  void countWaitsForTheUserOfOne(KernelUnderTest test) {
    var card = new Card(test);
    ok(card.count(1));
    String virtual = card.virtual(0);
    OtherProgram user = user(test, card, virtual);
    var count = card.begin(card.at + "sriov_numvfs", "0", virtual);
    assertEquals("igb", card.files.driver(card.address));
    user.close();
    assertEquals(0, count.join());
    assertEquals("0", card.get("sriov_numvfs"));
    assertFalse(card.files.exists(HostFiles.at(virtual)));
  }
}
