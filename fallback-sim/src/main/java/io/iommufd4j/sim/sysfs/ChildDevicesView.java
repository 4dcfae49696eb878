// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.sysfs;

import io.iommufd4j.sim.fs.Sysfs;
import io.iommufd4j.sim.pci.PciFunction;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Devices that drivers of the kernel make of their functions, as far as users of a host miss them
 * when they are gone: network interfaces, disks, virtio devices. Names are numbered, the lowest
 * free one first.
 */
final class ChildDevicesView {

  /** A function's child, as it is shown: everything to be taken away again. */
  private record Child(String driver, Runnable gone) {}

  /** PCI device ids of virtio 1 begin here. */
  private static final int MODERN = 0x1040;

  private final Sysfs sysfs;
  private final Map<String, Child> children = new HashMap<>();
  private final BitSet interfaces = new BitSet();
  private final BitSet disks = new BitSet();
  private final BitSet virtioDevices = new BitSet();

  ChildDevicesView(Sysfs sysfs) {
    this.sysfs = sysfs;
  }

  /**
   * A function's driver may be another now.
   *
   * @param place where the function is
   * @param driver its driver's name; null for none
   */
  synchronized void show(PciFunction function, String place, @Nullable String driver) {
    Child before = children.get(function.address());
    if (before != null && !before.driver().equals(driver)) {
      children.remove(function.address());
      before.gone().run();
      before = null;
    }
    if (before != null || driver == null) {
      return;
    }
    Runnable gone =
        switch (driver) {
          case "e1000e", "igb", "igbvf" -> showInterface(place);
          case "nvme" -> showDisk(place);
          case "virtio-pci" -> showVirtioDevice(place, function);
          default -> null;
        };
    if (gone != null) {
      children.put(function.address(), new Child(driver, gone));
    }
  }

  private static int take(BitSet numbers) {
    int free = numbers.nextClearBit(0);
    numbers.set(free);
    return free;
  }

  /** {@code register_netdev}: an Ethernet interface that nobody has switched on. */
  private Runnable showInterface(String place) {
    int number = take(interfaces);
    String name = "eth" + number;
    String at = place + "/net/" + name;
    sysfs.attribute(
        at + "/address",
        "52:54:00:12:34:" + HexFormat.of().toHexDigits((byte) (0x56 + number)) + "\n");
    sysfs.attribute(at + "/flags", "0x1002\n");
    sysfs.attribute(at + "/ifindex", number + 2 + "\n");
    sysfs.attribute(at + "/operstate", "down\n");
    sysfs.attribute(at + "/type", "1\n");
    sysfs.attribute(at + "/uevent", "INTERFACE=" + name + "\nIFINDEX=" + (number + 2) + "\n");
    sysfs.link(at + "/device", place);
    sysfs.link(at + "/subsystem", "class/net");
    sysfs.link("class/net/" + name, at);
    return () -> {
      sysfs.remove("class/net/" + name);
      sysfs.remove(place + "/net");
      interfaces.clear(number);
    };
  }

  /** A controller's one name space, of 8 GiB. */
  private Runnable showDisk(String place) {
    int number = take(disks);
    String controller = place + "/nvme/nvme" + number;
    String disk = "nvme" + number + "n1";
    String at = controller + "/" + disk;
    sysfs.attribute(controller + "/state", "live\n");
    sysfs.link(controller + "/device", place);
    sysfs.link(controller + "/subsystem", "class/nvme");
    sysfs.link("class/nvme/nvme" + number, controller);
    sysfs.attribute(at + "/dev", "259:" + number + "\n");
    sysfs.attribute(at + "/size", (8L << 30) / 512 + "\n");
    sysfs.attribute(at + "/ro", "0\n");
    sysfs.link(at + "/device", controller);
    sysfs.link(at + "/subsystem", "class/block");
    sysfs.link("class/block/" + disk, at);
    sysfs.link("block/" + disk, at);
    return () -> {
      sysfs.remove("block/" + disk);
      sysfs.remove("class/block/" + disk);
      sysfs.remove("class/nvme/nvme" + number);
      sysfs.remove(place + "/nvme");
      disks.clear(number);
    };
  }

  /** A virtio device that no virtio driver has. */
  private Runnable showVirtioDevice(String place, PciFunction function) {
    int number = take(virtioDevices);
    String name = "virtio" + number;
    String at = place + "/" + name;
    sysfs.attribute(at + "/device", "0x%04x\n".formatted(function.deviceId() - MODERN));
    sysfs.attribute(at + "/vendor", "0x%04x\n".formatted(function.vendor()));
    sysfs.link(at + "/subsystem", "bus/virtio");
    sysfs.link("bus/virtio/devices/" + name, at);
    return () -> {
      sysfs.remove("bus/virtio/devices/" + name);
      sysfs.remove(at);
      virtioDevices.clear(number);
    };
  }
}
