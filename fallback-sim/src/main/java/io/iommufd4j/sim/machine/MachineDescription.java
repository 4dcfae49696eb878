// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.iommu.hardware.PasidFeature;
import io.iommufd4j.sim.lib.KernelRelease;
import io.iommufd4j.sim.pci.FunctionKind;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A machine for a simulated kernel: PCI functions, their IOMMU groups, and the IOMMU. A description
 * only; a kernel makes a {@link MachineInstance} from it.
 *
 * @param name as results name it, as {@code bridge:amd}
 * @param release which Linux runs on it
 * @param iommu which IOMMU it has, and so which driver; empty for none
 * @param unsafeNoIommu {@code vfio.enable_unsafe_noiommu_mode} as the kernel starts: whether VFIO
 *     takes functions that have no IOMMU
 * @param isolatedInterrupts whether a stray write of a device cannot raise another's interrupt;
 *     where it can, {@code VFIO_DEVICE_BIND_IOMMUFD} answers EPERM
 * @param dirtyTracking whether the IOMMU tracks which pages DMA wrote; virtio-iommu never does
 * @param pasids the number of PASIDs of each edu function; 0 for none
 * @param pasidFeatures the optional features of their PASID capability
 * @param slots its functions, in the order the kernel finds them
 */
public record MachineDescription(
    String name,
    KernelRelease release,
    Optional<IommuPreset> iommu,
    boolean unsafeNoIommu,
    boolean isolatedInterrupts,
    boolean dirtyTracking,
    int pasids,
    Set<PasidFeature> pasidFeatures,
    List<Slot> slots) {

  /** Copies what could change. */
  public MachineDescription {
    pasidFeatures = Set.copyOf(pasidFeatures);
    slots = List.copyOf(slots);
  }

  /** The bridge or VMD that the bus of a function lies behind; empty for the root bus. */
  public Optional<Slot> parent(PciAddress address) {
    return slots.stream().filter(slot -> slot.leadsTo(address)).findFirst();
  }

  /** The addresses of the edu functions. */
  public List<PciAddress> edus() {
    return slots.stream()
        .filter(slot -> slot.kind() == FunctionKind.EDU)
        .map(Slot::address)
        .toList();
  }
}
