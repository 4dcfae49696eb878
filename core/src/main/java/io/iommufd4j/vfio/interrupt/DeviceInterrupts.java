// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.interrupt;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.bindings.vfio.vfio_irq_set;
import io.iommufd4j.error.HostException;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.event.EventFdRef;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.wire.KernelFile;
import io.iommufd4j.wire.RequestBlocks;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * The interrupts of a device that is bound ({@code VFIO_DEVICE_SET_IRQS}). Each vector of a kind is
 * connected with an eventfd, in which the kernel counts it.
 *
 * <p>INTx, MSI and MSI-X exclude one another: one of them is disabled before the next is connected.
 * Errors and requests stand beside them. Interrupts of a device whose DMA is translated also for
 * messages, as behind an SMMUv3, arrive only while it is attached.
 *
 * <p>{@link #open} makes the eventfds as well, and owns them; the other methods leave eventfds to
 * their owners. Any thread may use this at any time.
 */
public final class DeviceInterrupts {

  private static final int NO_FD = -1;
  private static final int NONE = vfio_h.VFIO_IRQ_SET_DATA_NONE();
  private static final int BOOL = vfio_h.VFIO_IRQ_SET_DATA_BOOL();
  private static final int EVENTFD = vfio_h.VFIO_IRQ_SET_DATA_EVENTFD();
  private static final int MASK = vfio_h.VFIO_IRQ_SET_ACTION_MASK();
  private static final int UNMASK = vfio_h.VFIO_IRQ_SET_ACTION_UNMASK();
  private static final int TRIGGER = vfio_h.VFIO_IRQ_SET_ACTION_TRIGGER();

  private final KernelFile file;

  /**
   * The interrupts of a device.
   *
   * @param file the device's descriptor
   */
  public DeviceInterrupts(KernelFile file) {
    this.file = file;
  }

  KernelFile file() {
    return file;
  }

  /**
   * {@return a kind of interrupt ({@code VFIO_DEVICE_GET_IRQ_INFO}); one with a count of 0 is not
   * there}
   *
   * @param irq any
   * @throws KernelException {@code EINVAL} before bind, or for a kind that the device cannot have
   */
  public IrqInfo info(PciIrq irq) {
    return info(irq.index());
  }

  /**
   * {@return a kind of interrupt ({@code VFIO_DEVICE_GET_IRQ_INFO}), of any device}
   *
   * @param index from 0; of a PCI device see {@link PciIrq}
   * @throws KernelException {@code EINVAL} before bind, for an index out of range, or for a kind
   *     that the device cannot have
   */
  public IrqInfo info(int index) {
    return IrqInfo.read(file, index);
  }

  /**
   * Makes eventfds for the first vectors of a kind, and connects them.
   *
   * @param irq a kind that the device has, and none of which is connected
   * @param count from 1 to {@link IrqInfo#count}
   * @return the vectors, the caller's to close
   * @throws KernelException as {@link #connect}
   * @throws HostException {@code ENOSPC} when the host cannot give that many vectors; the hint says
   *     how many it can
   */
  public InterruptVectors open(PciIrq irq, int count) {
    return InterruptVectors.open(this, irq, count);
  }

  /**
   * Connects vectors with eventfds; those of the kind that are not named stay as they are. The
   * kernel holds on to an eventfd that its owner closes.
   *
   * <p>A device that {@link IrqInfo#noResize} holds for takes as many vectors as are connected at
   * first, until it is disabled.
   *
   * @param irq a kind that the device has
   * @param first the vector of the first eventfd
   * @param eventFds one for each vector from there on; null to leave a vector without one, or to
   *     disconnect it
   * @throws KernelException {@code EINVAL} when the device lacks a vector, when another of INTx,
   *     MSI and MSI-X is connected, or for a descriptor that is no eventfd; {@code EBADF} for one
   *     that is closed; {@code ENOMEM}. None of the vectors named is connected then
   * @throws HostException {@code ENOSPC} when the host cannot give that many vectors; the hint says
   *     how many it can, and nothing is connected
   */
  public void connect(PciIrq irq, int first, @Nullable EventFdRef... eventFds) {
    try (Arena arena = Arena.ofConfined()) {
      long header = vfio_irq_set.sizeof();
      MemorySegment block = arena.allocate(header + 4L * eventFds.length, Integer.BYTES);
      for (int i = 0; i < eventFds.length; i++) {
        EventFdRef event = eventFds[i];
        int fd = event == null ? NO_FD : event.fd();
        block.set(ValueLayout.JAVA_INT, header + 4L * i, fd);
      }
      int given = set(block, EVENTFD | TRIGGER, irq, first, eventFds.length);
      if (given > 0) {
        throw new HostException(
            "connect " + (first + eventFds.length) + " vectors of " + irq,
            Errno.ENOSPC,
            "the host can give " + given);
      }
    }
  }

  /**
   * Disconnects vectors from their eventfds; the kind stays enabled, and its interrupts go nowhere.
   *
   * @param irq a kind that is connected
   * @param first the first vector
   * @param count how many
   * @throws KernelException as {@link #connect}
   */
  public void disconnect(PciIrq irq, int first, int count) {
    connect(irq, first, new @Nullable EventFdRef[count]);
  }

  /**
   * Ends a kind of interrupt: all its vectors are disconnected, and another kind can be connected.
   *
   * @param irq a kind that is connected
   * @throws KernelException {@code EINVAL} when it is not
   */
  public void disable(PciIrq irq) {
    set(RequestBlocks.ofThread().irqSet, NONE | TRIGGER, irq, 0, 0);
  }

  /**
   * Signals the eventfds of vectors as if the device had raised them, to try them.
   *
   * @param irq a kind that is connected
   * @param first the first vector
   * @param count how many; a vector without an eventfd is passed over
   * @throws KernelException {@code EINVAL} when the kind is not connected or the device lacks a
   *     vector
   */
  public void raise(PciIrq irq, int first, int count) {
    if (count < 1) {
      // With none the kernel would disable the kind.
      throw new IllegalArgumentException("at least one vector is raised, unlike " + count);
    }
    set(RequestBlocks.ofThread().irqSet, NONE | TRIGGER, irq, first, count);
  }

  /**
   * Signals the eventfds of some vectors as if the device had raised them, to try them.
   *
   * @param irq a kind that is connected; an error or a request that is not is passed over
   * @param first the vector of the first value
   * @param which true for each vector to signal
   * @throws KernelException {@code EINVAL} when the kind is not connected or the device lacks a
   *     vector
   */
  public void raise(PciIrq irq, int first, boolean[] which) {
    try (Arena arena = Arena.ofConfined()) {
      long header = vfio_irq_set.sizeof();
      MemorySegment block = arena.allocate(header + which.length, Integer.BYTES);
      for (int i = 0; i < which.length; i++) {
        block.set(ValueLayout.JAVA_BYTE, header + i, (byte) (which[i] ? 1 : 0));
      }
      set(block, BOOL | TRIGGER, irq, first, which.length);
    }
  }

  /**
   * Masks an interrupt: it is kept pending from now on, and not counted.
   *
   * @param irq a kind that is connected and {@link IrqInfo#maskable}: of a PCI device INTx alone
   * @throws KernelException {@code EINVAL} when it is not connected; {@code ENOTTY} when it cannot
   *     be masked
   */
  public void mask(PciIrq irq) {
    set(RequestBlocks.ofThread().irqSet, NONE | MASK, irq, 0, 1);
  }

  /**
   * Unmasks an interrupt. INTx masks itself each time it is counted, until this: first the device
   * is served, then the line is unmasked. One that is still asserted is counted again at once.
   *
   * @param irq a kind that is connected and {@link IrqInfo#maskable}: of a PCI device INTx alone
   * @throws KernelException {@code EINVAL} when it is not connected; {@code ENOTTY} when it cannot
   *     be masked
   */
  public void unmask(PciIrq irq) {
    set(RequestBlocks.ofThread().irqSet, NONE | UNMASK, irq, 0, 1);
  }

  /**
   * Lets an eventfd unmask an interrupt each time it is signalled. The kernel takes what is counted
   * in it; a count from before unmasks at once, and stays.
   *
   * @param irq a kind that is connected and {@link IrqInfo#maskable}: of a PCI device INTx alone
   * @param eventFd signalled by whoever has served the device
   * @throws KernelException {@code EBUSY} when another does already; {@code EINVAL} when the kind
   *     is not connected, or for a descriptor that is no eventfd; {@code EBADF} for one that is
   *     closed; {@code ENOTTY} when it cannot be masked
   */
  public void unmaskBy(PciIrq irq, EventFdRef eventFd) {
    unmaskBy(irq, eventFd.fd());
  }

  /**
   * Lets no eventfd unmask an interrupt any more.
   *
   * @param irq a kind that is connected and {@link IrqInfo#maskable}: of a PCI device INTx alone
   * @throws KernelException {@code EINVAL} when the kind is not connected
   */
  public void unmaskByNone(PciIrq irq) {
    unmaskBy(irq, NO_FD);
  }

  private void unmaskBy(PciIrq irq, int fd) {
    try (Arena arena = Arena.ofConfined()) {
      long header = vfio_irq_set.sizeof();
      MemorySegment block = arena.allocate(header + Integer.BYTES, Integer.BYTES);
      block.set(ValueLayout.JAVA_INT, header, fd);
      set(block, EVENTFD | UNMASK, irq, 0, 1);
    }
  }

  private int set(MemorySegment block, int flags, PciIrq irq, int first, int count) {
    vfio_irq_set.argsz(block, (int) block.byteSize());
    vfio_irq_set.flags(block, flags);
    vfio_irq_set.index(block, irq.index());
    vfio_irq_set.start(block, first);
    vfio_irq_set.count(block, count);
    int result = file.tryIoctl(Request.VFIO_DEVICE_SET_IRQS, block);
    if (result < 0) {
      var hint = new InterruptHint(file, flags, irq, first, count);
      throw file.refused(Request.VFIO_DEVICE_SET_IRQS, result, null, hint);
    }
    return result;
  }
}
