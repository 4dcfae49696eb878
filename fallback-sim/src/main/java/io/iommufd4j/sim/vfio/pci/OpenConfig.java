// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.pci;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import org.jspecify.annotations.Nullable;

/** The configuration registers of a device's user, which are there while the device is open. */
public final class OpenConfig {

  private volatile @Nullable VirtualConfig registers;

  /** The device is open, with these registers. */
  public void open(VirtualConfig opened) {
    registers = opened;
  }

  /** The device is closed. */
  public void close() {
    registers = null;
  }

  /**
   * The registers.
   *
   * @throws Refused EINVAL while the device is closed
   */
  VirtualConfig get() {
    VirtualConfig now = registers;
    if (now == null) {
      throw Refused.with(Errno.EINVAL);
    }
    return now;
  }

  /** True when memory accesses reach the function: it is open, and the user's decoding is on. */
  boolean decodesMemory() {
    VirtualConfig now = registers;
    return now != null && now.decodesMemory();
  }

  /** {@code vfio_pci_set_power_state} to D0, of a device that is open. */
  public void wake() {
    VirtualConfig now = registers;
    if (now != null) {
      now.wake();
    }
  }
}
