// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.sim.pci.FunctionKind;
import org.jspecify.annotations.Nullable;

/**
 * A function of a preset.
 *
 * @param address in full form
 * @param sibling true when it is in the IOMMU group of the function before it
 * @param bus the bus behind a bridge or a VMD; else 0
 * @param domain the PCI domain behind a VMD; else 0
 * @param virtualFunctions how many an NVMe controller can have; else 0
 * @param apertureBits what the second IOMMU translates for it; 0 behind the first
 * @param direct what the firmware wants mapped one to one for it; null for nothing
 */
record PresetFunction(
    String address,
    FunctionKind kind,
    boolean sibling,
    int bus,
    int domain,
    int virtualFunctions,
    int apertureBits,
    @Nullable Range direct) {

  /** Addresses, both ends inclusive. */
  record Range(long start, long last) {}

  /** A function in a group of its own. */
  static PresetFunction alone(String address, FunctionKind kind) {
    return new PresetFunction(address, kind, false, 0, 0, 0, 0, null);
  }

  /** A function in the group of the one before. */
  static PresetFunction sibling(String address, FunctionKind kind) {
    return new PresetFunction(address, kind, true, 0, 0, 0, 0, null);
  }

  /** The same with a bus behind it. */
  PresetFunction to(int behind) {
    return to(0, behind);
  }

  /** The same, a VMD, with the root bus of a PCI domain behind it. */
  PresetFunction to(int ofDomain, int rootBus) {
    return new PresetFunction(
        address, kind, sibling, rootBus, ofDomain, virtualFunctions, apertureBits, direct);
  }

  /** The same, an NVMe controller, with SR-IOV. */
  PresetFunction virtualFunctions(int total) {
    return new PresetFunction(address, kind, sibling, bus, domain, total, apertureBits, direct);
  }

  /** The same behind the machine's second IOMMU. */
  PresetFunction behindSecondIommu(int bits) {
    return new PresetFunction(address, kind, sibling, bus, domain, virtualFunctions, bits, direct);
  }

  /** The same with memory that the firmware wants mapped one to one. */
  PresetFunction direct(long start, long last) {
    return new PresetFunction(
        address,
        kind,
        sibling,
        bus,
        domain,
        virtualFunctions,
        apertureBits,
        new Range(start, last));
  }

  /** Adds it to a machine. */
  void addTo(MachineBuilder machine) {
    switch (kind) {
      case NVME -> machine.nvme(address, virtualFunctions);
      case IGB -> machine.igb(address);
      case VMD -> machine.vmd(address, domain, bus);
      default -> {
        if (bus == 0) {
          plain(machine);
        } else {
          bridge(machine);
        }
      }
    }
    if (apertureBits != 0) {
      machine.behindSecondIommu(apertureBits);
    }
    if (direct != null) {
      machine.direct(direct.start(), direct.last());
    }
  }

  private void plain(MachineBuilder machine) {
    if (sibling) {
      machine.sibling(address, kind);
    } else {
      machine.function(address, kind);
    }
  }

  private void bridge(MachineBuilder machine) {
    if (sibling) {
      machine.siblingBridge(address, kind, bus);
    } else {
      machine.bridge(address, kind, bus);
    }
  }
}
