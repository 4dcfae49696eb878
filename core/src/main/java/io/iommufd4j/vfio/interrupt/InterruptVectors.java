// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.interrupt;

import io.iommufd4j.error.KernelException;
import io.iommufd4j.error.OrderedClose;
import io.iommufd4j.event.EventFd;
import io.iommufd4j.event.EventFdRef;
import java.util.ArrayList;
import java.util.List;

/**
 * Vectors of one kind of interrupt with the eventfds that they are counted in, all of which this
 * object owns. Closing it disables the kind and closes the eventfds.
 */
public final class InterruptVectors implements AutoCloseable {

  private final DeviceInterrupts interrupts;
  private final PciIrq irq;
  private final List<EventFd> events;
  private boolean open = true;

  private InterruptVectors(DeviceInterrupts interrupts, PciIrq irq, List<EventFd> events) {
    this.interrupts = interrupts;
    this.irq = irq;
    this.events = List.copyOf(events);
  }

  static InterruptVectors open(DeviceInterrupts interrupts, PciIrq irq, int count) {
    if (count < 1) {
      throw new IllegalArgumentException("at least one vector is connected, unlike " + count);
    }
    var events = new ArrayList<EventFd>();
    try {
      for (int i = 0; i < count; i++) {
        events.add(EventFd.create(interrupts.file().kernel()));
      }
      interrupts.connect(irq, 0, events.toArray(EventFdRef[]::new));
      return new InterruptVectors(interrupts, irq, events);
    } catch (RuntimeException e) {
      events.forEach(EventFd::close);
      throw e;
    }
  }

  /** {@return their kind} */
  public PciIrq irq() {
    return irq;
  }

  /** {@return how many there are} */
  public int size() {
    return events.size();
  }

  /**
   * {@return the eventfd that a vector is counted in; it is this object's to close}
   *
   * @param vector from 0 to {@link #size} − 1
   */
  public EventFdRef vector(int vector) {
    return events.get(vector);
  }

  /**
   * Counts a vector as if the device had raised it, to try it.
   *
   * @param vector from 0 to {@link #size} − 1
   */
  public void raise(int vector) {
    interrupts.raise(irq, vector, 1);
  }

  /**
   * Unmasks the interrupt, as INTx wants it each time it was counted and the device is served.
   *
   * @throws KernelException {@code ENOTTY} when the kind cannot be masked
   * @see DeviceInterrupts#unmask
   */
  public void unmask() {
    interrupts.unmask(irq);
  }

  /**
   * Disables the kind and closes the eventfds, even if one of these fails. Closing twice is
   * harmless, and so is a device that is closed already: that has ended its interrupts.
   *
   * @throws KernelException {@code EINVAL} when somebody else has disabled the kind; the eventfds
   *     are closed all the same
   */
  @Override
  public synchronized void close() {
    if (!open) {
      return;
    }
    open = false;
    var steps = new OrderedClose();
    if (interrupts.file().isOpen()) {
      steps.step(() -> interrupts.disable(irq));
    }
    events.forEach(event -> steps.step(event::close));
    steps.report();
  }
}
