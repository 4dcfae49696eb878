// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import io.iommufd4j.sim.machine.FunctionDetails;
import io.iommufd4j.sim.machine.MachineDescription;
import io.iommufd4j.sim.machine.MachineInstance;
import io.iommufd4j.sim.machine.Slot;
import io.iommufd4j.sim.machine.SriovDetails;
import io.iommufd4j.sim.pci.IgbDriver;
import io.iommufd4j.sim.pci.KernelDriver;
import io.iommufd4j.sim.pci.PciDriver;
import io.iommufd4j.sim.pci.SriovFunctions;
import io.iommufd4j.sim.pci.VirtualFunctions;
import io.iommufd4j.sim.pci.VmdDriver;
import io.iommufd4j.sim.vfio.VfioPci;
import io.iommufd4j.sim.vfio.VfioPciDriver;
import io.iommufd4j.sim.vfio.VfioVariantDriver;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The PCI drivers of a machine's kernel: those of the usual machines, and those that its
 * description names. A name that ends as VFIO's variant drivers do is one of them.
 */
final class HostDrivers {

  private static final String VFIO = "vfio-pci";

  /** {@code driver_managed_dma}: drivers that do no DMA of their own. */
  private static final Set<String> MANAGING = Set.of("pcieport", "pci-stub");

  private static final List<String> USUAL =
      List.of(
          "pcieport",
          "ahci",
          "i801_smbus",
          "e1000e",
          "nvme",
          "virtio-pci",
          "igbvf",
          IgbDriver.NAME);

  private HostDrivers() {}

  /** The drivers, in the order in which functions are offered to them. */
  static List<PciDriver> of(
      MachineDescription machine, VfioPci vfio, SriovFunctions virtualFunctions, VmdDriver vmd) {
    Map<String, Set<Integer>> ids = ids(machine);
    var drivers = new ArrayList<PciDriver>();
    Stream.concat(USUAL.stream(), ids.keySet().stream().filter(HostDrivers::unusual))
        .map(name ->
            new KernelDriver(name, MANAGING.contains(name), ids.getOrDefault(name, Set.of())))
        .map(driver ->
            driver.name().equals(IgbDriver.NAME) ? new IgbDriver(driver, virtualFunctions) : driver)
        .forEach(drivers::add);
    drivers.add(vmd);
    drivers.add(new VfioPciDriver(vfio, virtualFunctions));
    var variants = new TreeSet<>(Set.of("virtio_vfio_pci"));
    ids.keySet().stream().filter(name -> isVfio(name) && !name.equals(VFIO)).forEach(variants::add);
    variants.forEach(name -> drivers.add(new VfioVariantDriver(name, vfio)));
    return drivers;
  }

  private static boolean unusual(String name) {
    return !USUAL.contains(name) && !isVfio(name) && !name.equals("vmd");
  }

  private static boolean isVfio(String name) {
    return name.replace('_', '-').endsWith(VFIO);
  }

  /** The functions that each driver has, by the driver's name. */
  private static Map<String, Set<Integer>> ids(MachineDescription machine) {
    var ids = new TreeMap<String, Set<Integer>>();
    for (Slot slot : machine.slots()) {
      slot.details()
          .driver()
          .filter(name -> !name.equals(FunctionDetails.NO_DRIVER))
          .ifPresent(name -> ids.computeIfAbsent(name, _ -> new TreeSet<>()).add(id(slot)));
      slot.details()
          .sriov()
          .ifPresent(virtual ->
              virtual
                  .driver()
                  .filter(name -> !name.equals(FunctionDetails.NO_DRIVER))
                  .ifPresent(name ->
                      ids.computeIfAbsent(name, _ -> new TreeSet<>())
                          .add((id(slot) & ~0xffff) | virtual.device())));
    }
    return ids;
  }

  private static int id(Slot slot) {
    return slot.details()
        .registers()
        .map(registers -> registers.read(0, 2) << Short.SIZE | registers.read(2, 2))
        .orElse(slot.kind().vendor() << Short.SIZE | slot.kind().device());
  }

  /** Makes the virtual functions that are there when the machine has booted. */
  static void enable(MachineInstance machine, SriovFunctions all) {
    for (Slot slot : machine.machine().slots()) {
      slot.details()
          .sriov()
          .filter(virtual -> virtual.enabled() != 0)
          .ifPresent(virtual ->
              machine
                  .function(slot.address().toString())
                  .flatMap(all::of)
                  .ifPresent(functions -> enable(functions, virtual)));
    }
  }

  /** VFIO's drivers take what is meant for them alone. */
  private static void enable(VirtualFunctions functions, SriovDetails virtual) {
    functions.autoprobe(!virtual.driver().equals(Optional.of(FunctionDetails.NO_DRIVER)));
    functions.enable(virtual.enabled(), virtual.driver().filter(HostDrivers::isVfio).orElse(null));
    functions.autoprobe(true);
  }

  /** By address, the driver that the description says. */
  static Map<String, String> chosen(MachineDescription machine) {
    return said(machine, slot -> slot.details().driver());
  }

  /** {@code driver_override} by address. */
  static Map<String, String> overrides(MachineDescription machine) {
    return said(machine, slot -> slot.details().override());
  }

  private static Map<String, String> said(
      MachineDescription machine, Function<Slot, Optional<String>> what) {
    return machine.slots().stream()
        .filter(slot -> what.apply(slot).isPresent())
        .collect(
            Collectors.toMap(
                slot -> slot.address().toString(),
                slot -> what.apply(slot).orElseThrow(),
                (first, _) -> first,
                HashMap::new));
  }
}
