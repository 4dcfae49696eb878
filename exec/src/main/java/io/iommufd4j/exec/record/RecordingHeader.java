// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.record;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The first line of a recording.
 *
 * @param kernel {@code native} or {@code sim}
 * @param release of Linux, as {@code 7.3.4}
 * @param machine the simulated one, as {@link io.iommufd4j.sim.Machine#named} takes it; empty on
 *     another
 * @param iommus drivers of the IOMMUs that the machine has, as {@code sysfs} names them
 * @param devices the functions that VFIO had when the recording began
 * @param unsafeInterrupts {@code iommufd.allow_unsafe_interrupts}: whether devices are taken whose
 *     interrupts are not isolated
 * @param lockedBytes {@code RLIMIT_MEMLOCK} of the program when it began; empty when it may pin any
 *     amount
 * @param command what was recorded
 */
public record RecordingHeader(
    String kernel,
    String release,
    Optional<String> machine,
    List<String> iommus,
    List<Device> devices,
    boolean unsafeInterrupts,
    OptionalLong lockedBytes,
    List<String> command) {

  /** The number in the first line; raised when a line goes or changes its meaning. */
  public static final int VERSION = 1;

  /** The value of {@code "recording"} in the first line. */
  public static final String FORMAT = "iommufd4j";

  /** Copies the lists. */
  public RecordingHeader {
    iommus = List.copyOf(iommus);
    devices = List.copyOf(devices);
    command = List.copyOf(command);
  }

  /**
   * A function that a VFIO driver has.
   *
   * @param address as {@code 0000:00:08.0}
   * @param driver that has it
   * @param group its IOMMU group; −1 for none
   */
  public record Device(String address, String driver, int group) {}
}
