// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_INTX_DISABLE;

import io.iommufd4j.sim.lib.Refused;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The exit of a function's interrupts: its legacy pin, which is a level, and messages, which are
 * writes and so need bus mastering. The function states what it wants, and {@link #deliver} brings
 * it to whoever handles it, without any lock of the function's.
 */
public final class InterruptPort {

  private final PciConfigSpace config;
  private final MessageTranslator translator;
  private boolean asserted;
  private final List<Integer> messages = new ArrayList<>();
  private @Nullable Runnable pinHandler;
  private @Nullable IntConsumer messageHandler;

  InterruptPort(PciConfigSpace config, MessageTranslator translator) {
    this.config = config;
    this.translator = translator;
  }

  /**
   * The function has something to say: a message where they are enabled, else the pin's level.
   *
   * @param vector which message of MSI-X; MSI has one
   */
  public synchronized void raise(int vector) {
    boolean many = config.manyMessagesEnabled();
    if (!many && !config.messagesEnabled()) {
      assertPin(true);
    } else if (config.busMaster() && (!translator.serves() || translator.reached())) {
      messages.add(many ? vector : 0);
    }
  }

  /** The function has nothing to say any more. */
  public synchronized void lower() {
    if (!config.manyMessagesEnabled() && !config.messagesEnabled()) {
      assertPin(false);
    }
  }

  private void assertPin(boolean level) {
    asserted = level;
    config.interruptStatus(level);
  }

  /** Brings what is due to its handler. */
  public void deliver() {
    Runnable pin = null;
    IntConsumer message;
    List<Integer> due;
    synchronized (this) {
      if (asserted && !pinDisabled()) {
        pin = pinHandler;
      }
      message = messageHandler;
      due = List.copyOf(messages);
      messages.clear();
    }
    if (pin != null) {
      pin.run();
    }
    if (message != null) {
      due.forEach(message::accept);
    }
  }

  /** {@code request_irq} for the pin; null for {@code free_irq}. */
  public synchronized void handlePin(@Nullable Runnable handler) {
    pinHandler = handler;
  }

  /**
   * {@code pci_alloc_irq_vectors}: messages instead of the pin, until {@link #freeMessages}.
   *
   * @param many those of MSI-X, not the one of MSI
   * @param handler takes a message's number
   * @throws Refused ENOSPC when the function's messages are translated and cannot arrive
   */
  public void allocateMessages(boolean many, IntConsumer handler) {
    if (translator.serves()) {
      translator.allocate();
    }
    useMessages(many, handler);
  }

  /** {@code pci_free_irq_vectors}. */
  public void freeMessages() {
    useMessages(config.manyMessagesEnabled(), null);
    if (translator.serves()) {
      translator.free();
    }
  }

  private synchronized void useMessages(boolean many, @Nullable IntConsumer handler) {
    messageHandler = handler;
    boolean enable = handler != null;
    if (enable) {
      assertPin(false);
    }
    if (many) {
      config.manyMessagesEnabled(enable);
    } else {
      config.messagesEnabled(enable);
    }
    disablePin(enable);
  }

  /** {@code pci_intx}. */
  public synchronized void disablePin(boolean disable) {
    int command = config.read(PCI_COMMAND(), Short.BYTES) & ~PCI_COMMAND_INTX_DISABLE();
    config.write(
        PCI_COMMAND(), Short.BYTES, disable ? command | PCI_COMMAND_INTX_DISABLE() : command);
  }

  /** {@code pci_check_and_mask_intx}: whether the pin was asserted, and so was disabled. */
  public synchronized boolean checkAndMaskPin() {
    if (asserted) {
      disablePin(true);
    }
    return asserted;
  }

  /** {@code pci_check_and_unmask_intx}: whether the pin was quiet, and so was enabled. */
  public synchronized boolean checkAndUnmaskPin() {
    if (!asserted) {
      disablePin(false);
    }
    return !asserted;
  }

  private boolean pinDisabled() {
    return (config.read(PCI_COMMAND(), Short.BYTES) & PCI_COMMAND_INTX_DISABLE()) != 0;
  }
}
