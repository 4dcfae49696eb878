// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import io.iommufd4j.sim.lib.IdTable;
import io.iommufd4j.sim.pci.PciFunction;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The devices of VFIO's drivers by node number, lowest free number first ({@code device_ida}). */
final class VfioDevices {

  private final IdTable<VfioDevice> devices = new IdTable<>(0);
  private volatile Function<PciFunction, String> places = PciFunction::address;

  /** Takes the lowest free number. */
  int reserve() {
    return devices.reserve();
  }

  /** Puts a device under the number that was reserved for it. */
  void add(VfioDevice device) {
    devices.publish(device.index(), device);
  }

  /** Frees a device's number. */
  void remove(VfioDevice device) {
    devices.remove(device.index());
  }

  /** The device that drives a function; null when another driver or none has it. */
  @Nullable VfioDevice find(PciFunction function) {
    for (VfioDevice device : all()) {
      if (device.function() == function) {
        return device;
      }
    }
    return null;
  }

  /** All of them, by number. */
  List<VfioDevice> all() {
    var all = new ArrayList<VfioDevice>();
    devices.forEach(all::add);
    return all;
  }

  /** Sets the function that gives a PCI function's directory in sysfs, below the root. */
  void placedBy(Function<PciFunction, String> place) {
    places = place;
  }

  /** A function's directory in sysfs, below the root. */
  String place(PciFunction function) {
    return places.apply(function);
  }
}
