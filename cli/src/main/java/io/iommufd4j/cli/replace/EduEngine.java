// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.vfio.ConfigSpace;
import io.iommufd4j.vfio.PciRegion;
import io.iommufd4j.vfio.RegionInfo;
import io.iommufd4j.vfio.VfioDeviceRef;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.time.Duration;

/**
 * The DMA engine of QEMU's educational device: it copies between memory, at IOVAs of 28 bits, and a
 * buffer of its own.
 *
 * <p>Registers are reached by {@code pread(2)} and {@code pwrite(2)}: a device that is gone answers
 * with an errno there, and a trace shows what was written to it.
 *
 * @see <a href="https://www.qemu.org/docs/master/specs/edu.html">QEMU: EDU device</a>
 */
public final class EduEngine {

  /** Vendor and device id, as {@code lspci -n} prints them. */
  static final String IDS = "1234:11e8";

  /** Most bytes in one transfer. QEMU 7.2 has crashed outside of what this class lets through. */
  static final int MAX_BYTES = 2048;

  private static final long SOURCE = 0x80;
  private static final long DESTINATION = 0x88;
  private static final long COUNT = 0x90;
  private static final long COMMAND = 0x98;

  private static final long START = 1;
  private static final long TO_MEMORY = 1 << 1;
  private static final long OWN_BUFFER = 0x40000;

  /** QEMU takes 100 ms for a transfer; a loaded machine under emulation may take a lot longer. */
  private static final Duration DEADLINE = Duration.ofSeconds(10);

  private static final Duration POLL = Duration.ofMillis(1);

  /** Nanoseconds from which on a transfer is waited for without looking, but for its last part. */
  private static final long LONG = 10_000_000;

  private static final int LEFT = 20;

  private static final ValueLayout.OfLong REGISTER =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final VfioDeviceRef device;
  private final String name;
  private final RegionInfo registers;
  private final Interruption interruption;

  /** The shortest transfer so far, in nanoseconds; 0 before the first. */
  private long quickest;

  private EduEngine(
      VfioDeviceRef device, String name, RegionInfo registers, Interruption interruption) {
    this.device = device;
    this.name = name;
    this.registers = registers;
    this.interruption = interruption;
  }

  /** True if a device has this engine. */
  public static boolean drives(PciDevice device) {
    return device.ids().equals(IDS);
  }

  /**
   * Lets a bound device do DMA.
   *
   * @param name of the device, for messages
   */
  public static EduEngine of(VfioDeviceRef device, String name, Interruption interruption) {
    ConfigSpace config = device.config();
    config.memorySpace(true);
    config.busMaster(true);
    return new EduEngine(device, name, device.region(PciRegion.BAR0), interruption);
  }

  /** Copies from one IOVA to another, by way of the device's own buffer: two transfers. */
  void copy(long fromIova, long toIova, int bytes) {
    load(fromIova, bytes);
    store(toIova, bytes);
  }

  /**
   * Fills the device's own buffer from an IOVA, and waits for the end.
   *
   * @param bytes at most 2048
   * @throws DeviceStuckException when it does not end
   * @throws StoppedException when asked to stop
   */
  public void load(long fromIova, int bytes) {
    transfer(fromIova, OWN_BUFFER, bytes, START);
  }

  /**
   * Writes the device's own buffer to an IOVA, and waits for the end. The device does not tell
   * whether the bytes arrived.
   *
   * @param bytes at most 2048
   * @throws DeviceStuckException when it does not end
   * @throws StoppedException when asked to stop
   */
  public void store(long toIova, int bytes) {
    transfer(OWN_BUFFER, toIova, bytes, START | TO_MEMORY);
  }

  private void transfer(long source, long destination, int bytes, long command) {
    if (bytes > MAX_BYTES) {
      throw new IllegalArgumentException(
          "edu moves at most " + MAX_BYTES + " bytes at once: " + bytes);
    }
    write(SOURCE, source);
    write(DESTINATION, destination);
    write(COUNT, bytes);
    long start = System.nanoTime();
    write(COMMAND, command);
    long end = start + DEADLINE.toNanos();
    if (quickest > LONG) {
      // To look all the time would take the processor from who else has work to do.
      interruption.pause(Duration.ofNanos(quickest - quickest / LEFT));
    }
    while ((read(COMMAND) & START) != 0) {
      if (System.nanoTime() - end > 0) {
        throw new DeviceStuckException(
            "the edu engine of "
                + name
                + " did not finish a transfer within "
                + DEADLINE.toSeconds()
                + " s");
      }
      interruption.pause(POLL);
    }
    quickest = Math.min(quickest == 0 ? Long.MAX_VALUE : quickest, System.nanoTime() - start);
  }

  private void write(long register, long value) {
    try (Arena arena = Arena.ofConfined()) {
      device.write(registers, register, arena.allocateFrom(REGISTER, value));
    }
  }

  private long read(long register) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(REGISTER);
      device.read(registers, register, value);
      return value.get(REGISTER, 0);
    }
  }
}
