package io.iommufd4j.sim.vfio;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IRQ_SET_ACTION_MASK;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IRQ_SET_ACTION_TRIGGER;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IRQ_SET_ACTION_TYPE_MASK;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IRQ_SET_ACTION_UNMASK;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IRQ_SET_DATA_BOOL;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IRQ_SET_DATA_EVENTFD;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IRQ_SET_DATA_NONE;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_IRQ_SET_DATA_TYPE_MASK;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_ERR_IRQ_INDEX;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_INTX_IRQ_INDEX;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_MSIX_IRQ_INDEX;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_MSI_IRQ_INDEX;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_NUM_IRQS;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_REQ_IRQ_INDEX;

import io.iommufd4j.bindings.vfio.vfio_irq_set;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.EventFd;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * {@code VFIO_DEVICE_SET_IRQS} ({@code vfio_pci_intrs.c}): which eventfd each interrupt is counted
 * in. Interrupts that the user triggers are counted; those of the function are not delivered yet.
 */
final class DeviceIrqs {

  private static final int NONE = -1;

  /** One request, as far as its checks have come. */
  private record Change(int flags, int index, int start, int count, MemorySegment data) {

    boolean hasNoData() {
      return (flags & VFIO_IRQ_SET_DATA_NONE()) != 0;
    }

    boolean hasEventFds() {
      return (flags & VFIO_IRQ_SET_DATA_EVENTFD()) != 0;
    }

    int fd(int i) {
      return data.get(ValueLayout.JAVA_INT, (long) i * Integer.BYTES);
    }

    /** Whether an interrupt is meant: each by itself with BOOL, all of them with NONE. */
    boolean means(int i) {
      return hasNoData() || data.get(ValueLayout.JAVA_BYTE, i) != 0;
    }
  }

  private final VfioDevice device;
  private final TreeMap<Integer, EventFd> triggers = new TreeMap<>();
  private int mode = NONE;
  private @Nullable EventFd unmask;
  private @Nullable EventFd error;
  private @Nullable EventFd request;

  DeviceIrqs(VfioDevice device) {
    this.device = device;
  }

  /** {@code vfio_pci_get_irq_count}: how many interrupts an index has; 0 for an unknown one. */
  int count(int index) {
    if (index == VFIO_PCI_INTX_IRQ_INDEX()) {
      return device.config().hasLegacyInterrupt() ? 1 : 0;
    }
    if (index == VFIO_PCI_MSI_IRQ_INDEX()) {
      return device.config().msiVectors();
    }
    return index == VFIO_PCI_ERR_IRQ_INDEX() || index == VFIO_PCI_REQ_IRQ_INDEX() ? 1 : 0;
  }

  /** {@code vfio_pci_ioctl_set_irqs}. */
  void set(long argument) {
    var block = new UserBlock(device.memory(), argument);
    long header = vfio_irq_set.count$offset() + Integer.BYTES;
    MemorySegment set = UserBlock.room(header);
    block.copyIn(set, 0, header);
    long caller = Integer.toUnsignedLong(vfio_irq_set.argsz(set));
    int flags = vfio_irq_set.flags(set);
    int index = vfio_irq_set.index(set);
    long start = Integer.toUnsignedLong(vfio_irq_set.start(set));
    long count = Integer.toUnsignedLong(vfio_irq_set.count(set));
    int known = VFIO_IRQ_SET_DATA_TYPE_MASK() | VFIO_IRQ_SET_ACTION_TYPE_MASK();
    boolean sound =
        caller >= header
            && Integer.compareUnsigned(index, VFIO_PCI_NUM_IRQS()) < 0
            && count < 0xffff_ffffL - start
            && (flags & ~known) == 0;
    int interrupts = sound ? count(index) : 0;
    if (!sound || start >= interrupts || start + count > interrupts) {
      throw Refused.with(Errno.EINVAL);
    }
    long bytes = count * bytesEach(flags & VFIO_IRQ_SET_DATA_TYPE_MASK());
    if (caller - header < bytes) {
      throw Refused.with(Errno.EINVAL);
    }
    MemorySegment data = UserBlock.room(bytes);
    if (bytes > 0) {
      device.memory().copyIn(argument + header, data);
    }
    apply(new Change(flags, index, (int) start, (int) count, data));
  }

  private static int bytesEach(int type) {
    if (type == VFIO_IRQ_SET_DATA_NONE()) {
      return 0;
    }
    if (type == VFIO_IRQ_SET_DATA_BOOL()) {
      return Byte.BYTES;
    }
    if (type == VFIO_IRQ_SET_DATA_EVENTFD()) {
      return Integer.BYTES;
    }
    throw Refused.with(Errno.EINVAL);
  }

  private synchronized void apply(Change change) {
    int action = change.flags() & VFIO_IRQ_SET_ACTION_TYPE_MASK();
    boolean trigger = action == VFIO_IRQ_SET_ACTION_TRIGGER();
    int index = change.index();
    if (index == VFIO_PCI_INTX_IRQ_INDEX()) {
      if (trigger) {
        triggerLegacy(change);
      } else if (action == VFIO_IRQ_SET_ACTION_MASK() || action == VFIO_IRQ_SET_ACTION_UNMASK()) {
        maskLegacy(change, action == VFIO_IRQ_SET_ACTION_UNMASK());
      } else {
        throw Refused.with(Errno.ENOTTY);
      }
    } else if (!trigger) {
      throw Refused.with(Errno.ENOTTY);
    } else if (index == VFIO_PCI_MSI_IRQ_INDEX() || index == VFIO_PCI_MSIX_IRQ_INDEX()) {
      triggerMessages(change);
    } else if (index == VFIO_PCI_ERR_IRQ_INDEX()) {
      error = single(change, error);
    } else {
      request = single(change, request);
    }
  }

  /** {@code vfio_pci_set_intx_trigger}. */
  private void triggerLegacy(Change change) {
    boolean legacy = mode == VFIO_PCI_INTX_IRQ_INDEX();
    if (legacy && change.count() == 0 && change.hasNoData()) {
      off();
      return;
    }
    if (!(legacy || mode == NONE) || change.start() != 0 || change.count() != 1) {
      throw Refused.with(Errno.EINVAL);
    }
    if (change.hasEventFds()) {
      replaceTrigger(0, change.fd(0));
      mode = VFIO_PCI_INTX_IRQ_INDEX();
      return;
    }
    if (!legacy) {
      throw Refused.with(Errno.EINVAL);
    }
    if (change.means(0)) {
      signal(triggers.get(0));
    }
  }

  /** {@code vfio_pci_set_intx_mask} and {@code _unmask}. */
  private void maskLegacy(Change change, boolean unmasks) {
    if (mode != VFIO_PCI_INTX_IRQ_INDEX() || change.start() != 0 || change.count() != 1) {
      throw Refused.with(Errno.EINVAL);
    }
    if (!change.hasEventFds()) {
      return;
    }
    if (!unmasks) {
      throw Refused.with(Errno.ENOTTY);
    }
    EventFd old = unmask;
    if (change.fd(0) < 0) {
      unmask = null;
      drop(old);
      return;
    }
    EventFd held = hold(change.fd(0));
    if (old != null) {
      drop(held);
      throw Refused.with(Errno.EBUSY);
    }
    unmask = held;
  }

  /** {@code vfio_pci_set_msi_trigger}. */
  private void triggerMessages(Change change) {
    boolean on = mode == change.index();
    if (on && change.count() == 0 && change.hasNoData()) {
      off();
      return;
    }
    if (!on && (mode != NONE || !change.hasEventFds())) {
      throw Refused.with(Errno.EINVAL);
    }
    if (change.hasEventFds()) {
      mode = change.index();
      device.config().msiInUse(true);
      try {
        for (int i = 0; i < change.count(); i++) {
          replaceTrigger(change.start() + i, change.fd(i));
        }
      } catch (Refused refused) {
        for (int i = 0; i < change.count(); i++) {
          drop(triggers.remove(change.start() + i));
        }
        if (!on) {
          off();
        }
        throw refused;
      }
      return;
    }
    for (int i = 0; i < change.count(); i++) {
      if (change.means(i)) {
        signal(triggers.get(change.start() + i));
      }
    }
  }

  /** {@code vfio_pci_set_ctx_trigger_single}: what stands there afterwards. */
  private @Nullable EventFd single(Change change, @Nullable EventFd old) {
    if (change.hasNoData()) {
      if (old == null) {
        throw Refused.with(Errno.EINVAL);
      }
      if (change.count() != 0) {
        old.signal();
        return old;
      }
      drop(old);
      return null;
    }
    if (change.count() == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    if (!change.hasEventFds()) {
      if (change.means(0)) {
        signal(old);
      }
      return old;
    }
    int fd = change.fd(0);
    if (fd < -1) {
      throw Refused.with(Errno.EINVAL);
    }
    EventFd held = fd == -1 ? null : hold(fd);
    drop(old);
    return held;
  }

  private void replaceTrigger(int vector, int fd) {
    EventFd held = fd < 0 ? null : hold(fd);
    EventFd old = held == null ? triggers.remove(vector) : triggers.put(vector, held);
    drop(old);
  }

  private void off() {
    triggers.values().forEach(this::drop);
    triggers.clear();
    drop(unmask);
    unmask = null;
    mode = NONE;
    device.config().msiInUse(false);
  }

  /** What the last close leaves: no interrupt is set up. */
  synchronized void clear() {
    off();
    drop(error);
    error = null;
    drop(request);
    request = null;
  }

  /** {@code vfio_pci_core_request}: the user is asked to close the device. */
  synchronized void request() {
    signal(request);
  }

  /**
   * {@code eventfd_ctx_fdget}.
   *
   * @throws Refused EBADF for a closed descriptor, EINVAL for another kind of file
   */
  EventFd hold(int fd) {
    OpenFile held = device.files().hold(fd);
    if (held instanceof EventFd event) {
      return event;
    }
    device.files().drop(held);
    throw Refused.with(Errno.EINVAL);
  }

  private void drop(@Nullable EventFd held) {
    if (held != null) {
      device.files().drop(held);
    }
  }

  private static void signal(@Nullable EventFd event) {
    if (event != null) {
      event.signal();
    }
  }
}
