// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A process that holds a VFIO device: the device's unbind waits for it ({@code
 * vfio_unregister_group_dev}).
 *
 * @param pid the process
 * @param command its name, as {@code qemu-system-x86}; empty when it cannot be read
 * @param hold the way it holds the device
 * @param path the file that it has open or mapped, as {@code /dev/vfio/3}, as the process sees it
 */
public record Holder(long pid, String command, Hold hold, String path) {

  /** The ways of holding a VFIO device. */
  public enum Hold {
    /** The device's cdev is open, under whatever path. */
    CDEV,
    /** The VFIO group of the device is open. */
    GROUP,
    /** The device is open by a descriptor that its VFIO group gave. */
    DEVICE,
    /** One of the device's regions is mapped; its descriptor may be closed. */
    MAPPING,
    /** A VFIO device is open or mapped by its group; Linux does not tell which one. */
    SOME_DEVICE
  }

  /**
   * {@return all of them in one sentence, each clause once; empty when there are none}
   *
   * @param holders of one device or of several
   */
  public static String describe(List<Holder> holders) {
    return holders.stream().map(Holder::toString).distinct().collect(Collectors.joining(", "));
  }

  /** {@return the process, for messages} */
  public String process() {
    if (pid == ProcessHandle.current().pid()) {
      return "this process";
    }
    return "process " + pid + (command.isEmpty() ? "" : " (" + command + ")");
  }

  /** One clause: the process and the way it holds the device. */
  @Override
  public String toString() {
    return process()
        + switch (hold) {
          case CDEV -> " has " + path + " open";
          case GROUP -> " has the VFIO group " + path + " open";
          case DEVICE -> " has it open through its VFIO group";
          case MAPPING -> " has a region of it mapped";
          case SOME_DEVICE ->
              " has a VFIO device open or mapped through a group, and Linux does not tell which";
        };
  }
}
