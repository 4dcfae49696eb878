// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.reset;

import java.util.List;

/**
 * All that a hot reset of a device affects ({@code struct vfio_pci_hot_reset_info}).
 *
 * @param owned true if every device is the caller's, so that the reset will be done; of a device
 *     from a group never, since groups are shown only with the reset
 * @param devices the devices of the bus or slot, the one that was asked among them
 */
public record HotResetInfo(boolean owned, List<AffectedDevice> devices) {

  /** Copies the list. */
  public HotResetInfo {
    devices = List.copyOf(devices);
  }
}
