// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.vfio;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@code VFIO_DEVICE_SET_IRQS} of an {@code edu} function, and the registers that raise its
 * interrupts.
 */
public record Interrupts(OpenDevice device) {

  static final int INTX = vfio_h.VFIO_PCI_INTX_IRQ_INDEX();

  /** The index of messages without a table. */
  public static final int MSI = vfio_h.VFIO_PCI_MSI_IRQ_INDEX();

  static final int MSIX = vfio_h.VFIO_PCI_MSIX_IRQ_INDEX();
  static final int ERROR = vfio_h.VFIO_PCI_ERR_IRQ_INDEX();
  static final int REQUEST = vfio_h.VFIO_PCI_REQ_IRQ_INDEX();

  static final int NONE = vfio_h.VFIO_IRQ_SET_DATA_NONE();
  static final int BOOL = vfio_h.VFIO_IRQ_SET_DATA_BOOL();
  static final int EVENTFD = vfio_h.VFIO_IRQ_SET_DATA_EVENTFD();
  static final int MASK = vfio_h.VFIO_IRQ_SET_ACTION_MASK();
  static final int UNMASK = vfio_h.VFIO_IRQ_SET_ACTION_UNMASK();

  /** The action that sets up the eventfds to signal, or signals them. */
  public static final int TRIGGER = vfio_h.VFIO_IRQ_SET_ACTION_TRIGGER();

  /** {@code PCI_STATUS_INTERRUPT}: whether the pin is asserted. */
  static final int STATUS_INTERRUPT = 8;

  private static final int LIVENESS = 0x04;
  private static final int STATUS = 0x24;
  private static final int RAISE = 0x60;
  private static final int ACKNOWLEDGE = 0x64;
  private static final int HEADER = Request.VFIO_DEVICE_SET_IRQS.minimumBytes();

  /** The block of a request with as many bytes of data as are given. */
  RequestBlock block(int flags, int index, int start, int count, byte... data) {
    RequestBlock block = device.block(Request.VFIO_DEVICE_SET_IRQS, data.length);
    MemorySegment.copy(data, 0, block.memory(), ValueLayout.JAVA_BYTE, HEADER, data.length);
    return block
        .size(HEADER + data.length)
        .set("flags", flags)
        .set("index", index)
        .set("start", start)
        .set("count", count);
  }

  /** Without data. */
  int set(int action, int index, int start, int count) {
    return device.ioctl(block(NONE | action, index, start, count));
  }

  /** With one byte for each interrupt. */
  int setBools(int action, int index, int start, int... bools) {
    byte[] data = new byte[bools.length];
    for (int i = 0; i < bools.length; i++) {
      data[i] = (byte) bools[i];
    }
    return device.ioctl(block(BOOL | action, index, start, bools.length, data));
  }

  /** With a descriptor for each interrupt. */
  public int setFds(int action, int index, int start, int... fds) {
    byte[] data = new byte[fds.length * Integer.BYTES];
    MemorySegment.ofArray(data).copyFrom(MemorySegment.ofArray(fds));
    return device.ioctl(block(EVENTFD | action, index, start, fds.length, data));
  }

  /** The device raises interrupts; no bit of {@code which} is raised twice. */
  public void raise(int which) {
    register(RAISE, which);
    // A read does not overtake the write before it, nor the interrupt that this caused.
    register(LIVENESS);
  }

  /** Acknowledges interrupts to the device. */
  public void acknowledge(int which) {
    register(ACKNOWLEDGE, which);
    register(LIVENESS);
  }

  /** The interrupts that were raised and not acknowledged. */
  int raised() {
    return register(STATUS);
  }

  private int register(int at) {
    try (var arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(ValueLayout.JAVA_INT);
      Answers.same(Integer.BYTES, device.pread(buffer, at));
      return buffer.get(ValueLayout.JAVA_INT, 0);
    }
  }

  private void register(int at, int value) {
    try (var arena = Arena.ofConfined()) {
      Answers.same(
          Integer.BYTES, device.pwrite(arena.allocateFrom(ValueLayout.JAVA_INT, value), at));
    }
  }
}
