// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.driver.IommuModel;
import io.iommufd4j.sim.driver.IommuUnit;
import io.iommufd4j.sim.lib.KernelRelease;
import io.iommufd4j.sim.pci.FunctionKind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A machine for a simulated kernel: PCI functions, their IOMMU groups, and the IOMMUs. A
 * description only; a kernel makes a {@link MachineInstance} from it.
 *
 * @param name as results name it, as {@code bridge:amd}
 * @param about what it is, in a sentence; may be empty
 * @param release which Linux runs on it
 * @param iommus the IOMMUs it has, all of one model; none for a machine without
 * @param settings what the kernel is started with
 * @param rootBuses the buses that no bridge leads to
 * @param slots its functions, in the order the kernel finds them
 */
public record MachineDescription(
    String name,
    String about,
    KernelRelease release,
    List<IommuUnit> iommus,
    BootSettings settings,
    Set<BusNumber> rootBuses,
    List<Slot> slots) {

  /** Copies what could change. */
  public MachineDescription {
    iommus = List.copyOf(iommus);
    rootBuses = Set.copyOf(rootBuses);
    slots = List.copyOf(slots);
  }

  /** The model of its IOMMUs; empty when it has none. */
  public Optional<IommuModel> model() {
    return iommus.stream().findFirst().map(unit -> unit.registers().model());
  }

  /** The bridges and VMDs, each by the bus behind it. */
  public Map<BusNumber, Slot> bridges() {
    var bridges = new HashMap<BusNumber, Slot>();
    for (Slot slot : slots) {
      slot.behind().ifPresent(bus -> bridges.putIfAbsent(bus, slot));
    }
    return bridges;
  }

  /** The addresses of the edu functions. */
  public List<PciAddress> edus() {
    return slots.stream()
        .filter(slot -> slot.kind() == FunctionKind.EDU)
        .map(Slot::address)
        .toList();
  }
}
