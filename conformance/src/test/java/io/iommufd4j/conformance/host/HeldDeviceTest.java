// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.host;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OtherProgram;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A device that another process holds: where Linux shows it, and what waits. */
@Conformance
@OnHostMachines
final class HeldDeviceTest {

  private static final long PAGE = 4096;

  /** A device with vfio-pci, its node, its group's node and another program. */
  private static final class Held {
    final HostFiles files;
    final String address;
    final String cdev;
    final String group;
    final OtherProgram holder;
    final String proc;

    Held(KernelUnderTest test) {
      files = new HostFiles(test);
      address = test.machine().lone().getLast().toString();
      String at = HostFiles.at(address);
      cdev = "/dev/vfio/devices/" + files.names(at + "vfio-dev").getFirst();
      group = "/dev/vfio/" + files.path(files.link(at + "iommu_group")).getFileName();
      // It is vfio-pci's when the test begins, and has to be when it ends.
      test.keep(() -> {
        ok(files.write(at + "driver_override", "vfio-pci"));
        if (files.driver(address).isEmpty()) {
          ok(files.write("/sys/bus/pci/drivers/vfio-pci/bind", address));
        }
      });
      holder = test.program();
      proc = "/proc/" + holder.pid() + "/";
    }

    long numberOf(String node) {
      String[] parts = files.read("/sys/class/" + node + "/dev").split(":", 2);
      return Long.parseLong(parts[0]) << 8 | Long.parseLong(parts[1]);
    }

    /** An unbind that waits; it has done what it does before that. */
    CompletableFuture<Long> unbind() {
      var unbind = files.begin("/sys/bus/pci/drivers/vfio-pci/unbind", address);
      while (files.exists(HostFiles.at(address) + "vfio-dev") || files.exists(cdev)) {
        Thread.onSpinWait();
      }
      assertFalse(unbind.isDone());
      return unbind;
    }

    String info(int descriptor) {
      return files
          .read(proc + "fdinfo/" + descriptor)
          .lines()
          .filter(line -> line.startsWith("vfio-device-syspath:"))
          .findFirst()
          .orElseThrow();
    }

    String syspath() {
      return "vfio-device-syspath: " + files.real(HostFiles.at(address));
    }
  }

  @Test
  void theNodeOfADevice(KernelUnderTest test) {
    var held = new Held(test);
    int descriptor = ok(held.holder.open(held.cdev));
    String link = held.proc + "fd/" + descriptor;
    assertEquals(held.cdev, held.files.link(link));
    String node = "vfio-dev/" + held.files.path(held.cdev).getFileName();
    assertEquals(held.numberOf(node), held.files.deviceNumber(link));
    assertEquals(held.syspath(), held.info(descriptor));
    assertEquals("java", held.files.read(held.proc + "comm"));
    ok(held.holder.close(descriptor));
    assertFalse(held.files.exists(link));
  }

  @Test
  void unbindWaits(KernelUnderTest test) {
    var held = new Held(test);
    String number = held.files.read(HostFiles.at(held.address) + "uevent");
    assertTrue(number.startsWith("DRIVER=vfio-pci"));
    int descriptor = ok(held.holder.open(held.cdev));
    long device = held.files.deviceNumber(held.proc + "fd/" + descriptor);
    var unbind = held.unbind();
    String link = held.proc + "fd/" + descriptor;
    assertEquals(held.cdev + " (deleted)", held.files.link(link));
    assertEquals(device, held.files.deviceNumber(link));
    assertEquals("", held.files.driver(held.address));
    assertTrue(held.files.exists(held.group), "the group goes last");
    refused(ENOENT, test.kernel().open(held.cdev, libc_h.O_RDWR()));
    String at = HostFiles.at(held.address);
    ok(held.files.write(at + "driver_override", "\n"));
    assertEquals("(null)", held.files.read(at + "driver_override"));
    ok(held.files.write("/sys/bus/pci/drivers_probe", held.address));
    refused(ENODEV, held.files.write("/sys/bus/pci/drivers/vfio-pci/bind", held.address));
    assertFalse(unbind.isDone());
    held.holder.close();
    assertEquals(0, unbind.join());
    assertFalse(held.files.exists(held.group));
  }

  @Test
  void aRegionIsMapped(KernelUnderTest test) {
    var held = new Held(test);
    int iommufd = ok(held.holder.open("/dev/iommu"));
    int descriptor = ok(held.holder.open(held.cdev));
    ByteBuffer bind = ByteBuffer.allocate(32).order(ByteOrder.nativeOrder());
    bind.putInt(0, Request.VFIO_DEVICE_BIND_IOMMUFD.minimumBytes()).putInt(8, iommufd);
    ok(held.holder.ioctl(descriptor, vfio_h.VFIO_DEVICE_BIND_IOMMUFD(), bind.array()));
    long address = ok(held.holder.map(descriptor, PAGE));
    ok(held.holder.close(descriptor));
    ok(held.holder.close(iommufd));
    String range = "%x-%x".formatted(address, address + PAGE);
    String line = line(held, range);
    assertTrue(line.startsWith(range + " rw-s 00000000 00:"), line);
    assertTrue(line.endsWith(" " + held.cdev), line);
    String link = held.proc + "map_files/" + range;
    assertEquals(held.cdev, held.files.link(link));
    long number = held.numberOf("vfio-dev/" + held.files.path(held.cdev).getFileName());
    assertEquals(number, held.files.deviceNumber(link));
    var unbind = held.unbind();
    assertTrue(line(held, range).endsWith(" " + held.cdev + " (deleted)"));
    held.holder.close();
    assertEquals(0, unbind.join());
  }

  private static String line(Held held, String range) {
    return held.files
        .read(held.proc + "maps")
        .lines()
        .filter(each -> each.startsWith(range))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void theGroup(KernelUnderTest test) {
    var held = new Held(test);
    int group = ok(held.holder.open(held.group));
    String link = held.proc + "fd/" + group;
    assertEquals(held.group, held.files.link(link));
    String node = "vfio/" + held.files.path(held.group).getFileName();
    assertEquals(held.numberOf(node), held.files.deviceNumber(link));
    int iommufd = ok(held.holder.open("/dev/iommu"));
    byte[] container =
        ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(iommufd).array();
    ok(held.holder.ioctl(group, vfio_h.VFIO_GROUP_SET_CONTAINER(), container));
    byte[] name = (held.address + "\0").getBytes(StandardCharsets.US_ASCII);
    int device = ok(held.holder.ioctl(group, vfio_h.VFIO_GROUP_GET_DEVICE_FD(), name));
    assertEquals("anon_inode:[vfio-device]", held.files.link(held.proc + "fd/" + device));
    assertEquals(held.syspath(), held.info(device));
    var unbind = held.unbind();
    assertEquals(held.group, held.files.link(link));
    ok(held.holder.close(device));
    assertEquals(0, unbind.join());
    held.holder.close();
  }
}
