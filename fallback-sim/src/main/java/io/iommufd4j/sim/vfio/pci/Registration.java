// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.pci;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;

/**
 * The uses of a device that its driver waits for before it lets go of it ({@code
 * vfio_device::refcount}).
 */
public final class Registration {

  private int users;
  private boolean leaving;

  /**
   * {@code vfio_device_try_get_registration}; undone by {@link #put}.
   *
   * @throws Refused ENODEV when the driver is letting go of the device
   */
  public synchronized void get() {
    if (leaving) {
      throw Refused.with(Errno.ENODEV);
    }
    users++;
  }

  /** {@code vfio_device_put_registration}. */
  public synchronized void put() {
    users--;
    notifyAll();
  }

  /** True while the driver is letting go of the device: its node is no more. */
  public synchronized boolean leaving() {
    return leaving;
  }

  /** There are no new uses from now on. */
  public synchronized void leave() {
    leaving = true;
  }

  /**
   * Waits until the last use has ended; only after {@link #leave}.
   *
   * @throws Refused EINTR when the thread is interrupted: then there are new uses again. Linux has
   *     no such answer
   */
  public synchronized void awaitNone() {
    try {
      while (users > 0) {
        wait();
      }
    } catch (InterruptedException e) {
      leaving = false;
      Thread.currentThread().interrupt();
      throw Refused.with(Errno.EINTR);
    }
  }
}
