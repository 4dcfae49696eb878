// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import io.iommufd4j.sim.mm.UserMemory;
import java.lang.foreign.MemorySegment;

/**
 * The point where a device's DMA enters the IOMMU: each transaction is translated by the domain
 * that the device is in at that moment.
 *
 * @param device the device that does the DMA
 * @param memory the memory behind the translation
 */
public record DmaPort(IommuDevice device, UserMemory memory) {

  /**
   * The device reads memory.
   *
   * @return whether every byte could be read; a device that met a fault got none or some of them
   */
  public boolean read(long iova, MemorySegment into) {
    return transfer(iova, into, false);
  }

  /** The device writes memory; as {@link #read}. */
  public boolean write(long iova, MemorySegment from) {
    return transfer(iova, from, true);
  }

  private boolean transfer(long iova, MemorySegment buffer, boolean write) {
    long done = 0;
    while (done < buffer.byteSize()) {
      IommuDomain through = device.steered();
      long at = iova + done;
      if (through == null) {
        return false;
      }
      long physical = through.translate(at, write);
      if (physical == IommuDomain.FAULT) {
        through.reportFault(device, at, write);
        return false;
      }
      // A transaction never crosses a page.
      long page = UserMemory.PAGE_SIZE - (at & (UserMemory.PAGE_SIZE - 1));
      long bytes = Math.min(Math.min(page, through.contiguous(at)), buffer.byteSize() - done);
      if (bytes <= 0) {
        return false;
      }
      MemorySegment piece = buffer.asSlice(done, bytes);
      boolean moved =
          write ? memory.writePhysical(physical, piece) : memory.readPhysical(physical, piece);
      if (!moved) {
        return false;
      }
      done += bytes;
    }
    return true;
  }
}
