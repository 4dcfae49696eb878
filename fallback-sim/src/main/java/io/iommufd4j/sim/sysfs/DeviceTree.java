// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.sysfs;

import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.machine.BusNumber;
import io.iommufd4j.sim.machine.MachineDescription;
import io.iommufd4j.sim.machine.Slot;
import io.iommufd4j.sim.pci.PciFunction;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The directories of PCI functions in {@code /sys/devices}, each below the bridges that lead to it.
 */
final class DeviceTree {

  private final MachineDescription machine;
  private final Map<String, String> places = new ConcurrentHashMap<>();

  /** By the bus that they lead to. */
  private final Map<BusNumber, Slot> bridges;

  DeviceTree(MachineDescription machine) {
    this.machine = machine;
    this.bridges = machine.bridges();
  }

  /** A function's directory, below the root. */
  String place(PciFunction function) {
    return place(function.address());
  }

  /** The same of the function at an address. */
  String place(String address) {
    String known = places.get(address);
    if (known == null) {
      known = findPlace(address);
      places.put(address, known);
    }
    return known;
  }

  private String findPlace(String address) {
    PciAddress at = PciAddress.parse(address);
    Slot parent = bridges.get(BusNumber.of(at));
    if (parent == null) {
      return "devices/pci" + BusNumber.of(at) + "/" + address;
    }
    String above = place(parent.address().toString());
    return above + (parent.bridge() ? "/" : "/" + rootBus(parent) + "/") + address;
  }

  /** A virtual function has come: it lies beside its physical one. */
  void putBeside(PciFunction physical, PciFunction virtual) {
    String beside = place(physical);
    String bus = beside.substring(0, beside.length() - physical.address().length());
    places.put(virtual.address(), bus + virtual.address());
  }

  /** A function is gone. */
  void forget(PciFunction function) {
    places.remove(function.address());
  }

  /** The name of the root bus behind a VMD, as {@code pci10000:e0}. */
  String rootBus(PciFunction vmd) {
    PciAddress address = PciAddress.parse(vmd.address());
    return machine.slots().stream()
        .filter(slot -> slot.address().equals(address))
        .findFirst()
        .map(DeviceTree::rootBus)
        .orElseThrow();
  }

  private static String rootBus(Slot vmd) {
    return "pci%04x:%02x".formatted(vmd.secondaryDomain(), vmd.secondaryBus());
  }
}
