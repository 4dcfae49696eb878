// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.pci;

import io.iommufd4j.sim.fs.DeferredWork;
import io.iommufd4j.sim.fs.EventFd;
import io.iommufd4j.sim.pci.InterruptPort;
import org.jspecify.annotations.Nullable;

/**
 * INTx of a device ({@code struct vfio_pci_irq_ctx} 0): masked when it is delivered, until user
 * space unmasks it. User space's {@code PCI_COMMAND_INTX_DISABLE} masks it as well.
 */
final class LegacyInterrupt {

  private final InterruptPort port;
  private final Virqfd unmaskFd;
  private volatile @Nullable EventFd trigger;
  private boolean enabled;
  private boolean masked;
  private boolean disabledByCommand;

  LegacyInterrupt(InterruptPort port, UserSpace user, DeferredWork deferred) {
    this.port = port;
    unmaskFd = new Virqfd(user, deferred, this::unmaskQuietly, this::signal);
  }

  /**
   * {@code vfio_intx_enable}.
   *
   * @param counter null for none
   */
  void enable(@Nullable EventFd counter) {
    synchronized (this) {
      enabled = true;
      trigger = counter;
      masked = disabledByCommand;
      port.disablePin(masked);
    }
    port.handlePin(this::handle);
    port.deliver();
  }

  /** {@code vfio_intx_set_signal}. */
  void trigger(@Nullable EventFd counter) {
    trigger = counter;
  }

  /** {@code vfio_intx_disable}. */
  void disable() {
    unmaskFd.disable();
    port.handlePin(null);
    synchronized (this) {
      enabled = false;
      trigger = null;
    }
  }

  /** The eventfd that unmasks it. */
  Virqfd unmaskFd() {
    return unmaskFd;
  }

  /** {@code vfio_intx_handler}. */
  private void handle() {
    synchronized (this) {
      if (masked || !port.checkAndMaskPin()) {
        return;
      }
      masked = true;
    }
    signal();
  }

  /** {@code vfio_send_intx_eventfd}: also what user space raises for a try. */
  void signal() {
    EventFd counter = trigger;
    if (counter != null && !quiet()) {
      counter.signal();
    }
  }

  private synchronized boolean quiet() {
    return !enabled || disabledByCommand;
  }

  /** {@code vfio_pci_intx_mask}. */
  synchronized void mask() {
    port.disablePin(true);
    masked = true;
  }

  /** {@code vfio_pci_intx_unmask}: what is pending is counted again at once. */
  void unmask() {
    if (unmaskQuietly()) {
      signal();
    }
    port.deliver();
  }

  /** {@code vfio_pci_intx_unmask_handler}: whether something is pending. */
  private synchronized boolean unmaskQuietly() {
    if (!enabled) {
      port.disablePin(false);
      return false;
    }
    if (masked && !disabledByCommand) {
      masked = !port.checkAndUnmaskPin();
      return masked;
    }
    return false;
  }

  /** User space writes {@code PCI_COMMAND_INTX_DISABLE}. */
  void disabledByCommand(boolean disable) {
    synchronized (this) {
      if (disabledByCommand == disable) {
        return;
      }
      disabledByCommand = disable;
    }
    if (disable) {
      mask();
    } else {
      unmask();
    }
  }

  /** Resets the interrupt at the last close: the command register no longer disables it. */
  synchronized void clear() {
    disabledByCommand = false;
  }
}
