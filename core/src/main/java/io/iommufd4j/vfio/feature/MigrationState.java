// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.feature;

import io.iommufd4j.bindings.vfio.vfio_h;

/**
 * The states of a device that is migrated ({@code enum vfio_device_mig_state}). The kernel goes
 * from one to another by the shortest way, through states in between where there must be some, and
 * refuses what has no way.
 */
public enum MigrationState {
  /** It failed, and leaves this only by a reset. */
  ERROR(vfio_h.VFIO_DEVICE_STATE_ERROR()),
  /** It does nothing: no DMA, no interrupts, and its state does not change. */
  STOP(vfio_h.VFIO_DEVICE_STATE_STOP()),
  /** It works as usual; the state of a device that was opened or reset. */
  RUNNING(vfio_h.VFIO_DEVICE_STATE_RUNNING()),
  /** It is stopped, and its state can be read from the data stream. */
  STOP_COPY(vfio_h.VFIO_DEVICE_STATE_STOP_COPY()),
  /** It is stopped, and takes a state that is written to the data stream. */
  RESUMING(vfio_h.VFIO_DEVICE_STATE_RESUMING()),
  /** It works but for DMA to other devices. */
  RUNNING_P2P(vfio_h.VFIO_DEVICE_STATE_RUNNING_P2P()),
  /** It works, and what of its state is known by now can be read from the data stream. */
  PRE_COPY(vfio_h.VFIO_DEVICE_STATE_PRE_COPY()),
  /** The same, without DMA to other devices. */
  PRE_COPY_P2P(vfio_h.VFIO_DEVICE_STATE_PRE_COPY_P2P());

  private final int number;

  MigrationState(int number) {
    this.number = number;
  }

  /** {@return the number that the kernel has for it} */
  public int number() {
    return number;
  }

  /** {@return true if a data stream is open in it: to read, or with {@link #RESUMING} to write} */
  public boolean transfers() {
    return switch (this) {
      case STOP_COPY, RESUMING, PRE_COPY, PRE_COPY_P2P -> true;
      case ERROR, STOP, RUNNING, RUNNING_P2P -> false;
    };
  }

  static MigrationState of(int number) {
    for (MigrationState state : values()) {
      if (state.number == number) {
        return state;
      }
    }
    throw new IllegalStateException("the kernel reports a state without a name: " + number);
  }
}
