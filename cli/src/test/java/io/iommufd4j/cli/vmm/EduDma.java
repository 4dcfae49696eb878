// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import io.iommufd4j.vfio.PciRegion;
import io.iommufd4j.vfio.RegionInfo;
import io.iommufd4j.vfio.VfioDeviceRef;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;

/** DMA of a simulated edu, as its user starts it. */
public final class EduDma {

  private static final long SOURCE = 0x80;
  private static final long DESTINATION = 0x88;
  private static final long COUNT = 0x90;
  private static final long COMMAND = 0x98;
  private static final long TO_MEMORY = 3;
  private static final long FROM_MEMORY = 1;
  private static final long OWN_BUFFER = 0x40000;

  private EduDma() {}

  /** Has it write to memory. */
  public static void write(VfioDeviceRef device, long iova, int bytes) {
    transfer(device, OWN_BUFFER, iova, bytes, TO_MEMORY);
  }

  /** Has it read from memory. */
  public static void read(VfioDeviceRef device, long iova, int bytes) {
    transfer(device, iova, OWN_BUFFER, bytes, FROM_MEMORY);
  }

  private static void transfer(
      VfioDeviceRef device, long source, long destination, int bytes, long command) {
    device.config().memorySpace(true);
    device.config().busMaster(true);
    RegionInfo registers = device.region(PciRegion.BAR0);
    try (Arena arena = Arena.ofConfined()) {
      device.write(registers, SOURCE, arena.allocateFrom(ValueLayout.JAVA_LONG, source));
      device.write(registers, DESTINATION, arena.allocateFrom(ValueLayout.JAVA_LONG, destination));
      device.write(registers, COUNT, arena.allocateFrom(ValueLayout.JAVA_LONG, (long) bytes));
      device.write(registers, COMMAND, arena.allocateFrom(ValueLayout.JAVA_LONG, command));
      var state = arena.allocate(ValueLayout.JAVA_LONG);
      do {
        device.read(registers, COMMAND, state);
      } while ((state.get(ValueLayout.JAVA_LONG, 0) & 1) != 0);
    }
  }
}
