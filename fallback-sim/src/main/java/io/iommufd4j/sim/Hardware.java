// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.iommu.DmaPort;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.machine.MachineInstance;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.pci.PciFunction;
import java.lang.foreign.MemorySegment;

/**
 * The devices below a simulated kernel, for tests that do DMA as a device would. A device is named
 * by its address; one that the machine does not have is an {@link IllegalArgumentException}.
 */
public final class Hardware {

  private final MachineInstance machine;
  private final UserMemory memory;

  Hardware(MachineInstance machine, UserMemory memory) {
    this.machine = machine;
    this.memory = memory;
  }

  /**
   * A device reads memory by DMA.
   *
   * @param device does the DMA
   * @param iova unsigned; the first byte
   * @param into a segment to fill
   * @return true when every byte could be read; a device that met a fault got none or some of them
   */
  public boolean read(PciAddress device, long iova, MemorySegment into) {
    return dmaPort(device).read(iova, into);
  }

  /**
   * A device writes memory by DMA; as {@link #read}.
   *
   * @param device does the DMA
   * @param iova unsigned; the first byte
   * @param from the bytes to write
   * @return true when every byte could be written
   */
  public boolean write(PciAddress device, long iova, MemorySegment from) {
    return dmaPort(device).write(iova, from);
  }

  private DmaPort dmaPort(PciAddress device) {
    return new DmaPort(function(device).device(), memory);
  }

  /** The group of a device as the IOMMU core keeps it. */
  IommuGroup group(PciAddress device) {
    return function(device).device().group();
  }

  /** A function of the machine. */
  PciFunction function(PciAddress address) {
    return machine
        .function(address.toString())
        .orElseThrow(() ->
            new IllegalArgumentException(machine.machine().name() + " has nothing at " + address));
  }
}
