// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device;

import java.lang.foreign.MemorySegment;

/**
 * The way out of a device: DMA, which the IOMMU translates by what the function is attached to at
 * that moment, and interrupts. May be used by any thread; what a device does while it handles a
 * register access belongs to that access.
 */
public interface DevicePort {

  /**
   * Reads memory by DMA.
   *
   * @param iova as the driver gave it to the device
   * @param into of any length
   * @return false when a byte could not be read, or bus mastering is off; some may have been
   */
  boolean read(long iova, MemorySegment into);

  /**
   * Writes memory by DMA; as {@link #read}.
   *
   * @param iova as the driver gave it to the device
   * @param from of any length
   * @return false when a byte could not be written, or bus mastering is off; some may have been
   */
  boolean write(long iova, MemorySegment from);

  /**
   * Raises an interrupt: message {@code vector} of MSI-X where that is enabled, the message of MSI
   * where that is, else the pin's level. A message is lost while bus mastering is off.
   *
   * @param vector from 0
   */
  void raise(int vector);

  /** Ends the pin's level; without effect on messages. */
  void lower();
}
