// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.pci;

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
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.fs.DeferredWork;
import io.iommufd4j.sim.fs.EventFd;
import io.iommufd4j.sim.lib.Behavior;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserBlock;
import io.iommufd4j.sim.pci.PciFunction;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * {@code VFIO_DEVICE_SET_IRQS} ({@code vfio_pci_intrs.c}): which eventfd each interrupt is counted
 * in, the function's own and those that the user triggers for a try. The function has either its
 * legacy interrupt or messages.
 */
public final class DeviceIrqs {

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

    /** True if an interrupt is meant: each by its own byte with BOOL, all of them with NONE. */
    boolean means(int i) {
      return hasNoData() || data.get(ValueLayout.JAVA_BYTE, i) != 0;
    }
  }

  private final PciFunction function;
  private final UserSpace user;
  private final OpenConfig config;
  private final LegacyInterrupt legacy;
  private final Map<Integer, EventFd> messages = new ConcurrentHashMap<>();

  /**
   * Messages that came before their vector had its first eventfd: Linux has no handler for the
   * interrupt yet, and raises it again once there is one ({@code IRQS_PENDING}). Later, while a
   * vector has none, its messages are lost.
   */
  private final Map<Integer, Boolean> early = new ConcurrentHashMap<>();

  private int mode = NONE;
  private volatile @Nullable EventFd error;
  private volatile @Nullable EventFd request;

  /** The interrupts of a function, none of them set up. */
  public DeviceIrqs(
      PciFunction function, UserSpace user, DeferredWork deferred, OpenConfig config) {
    this.function = function;
    this.user = user;
    this.config = config;
    this.legacy = new LegacyInterrupt(function.interrupts(), user, deferred);
  }

  /** User space writes {@code PCI_COMMAND_INTX_DISABLE}. */
  public void pinDisabled(boolean disabled) {
    legacy.disabledByCommand(disabled);
  }

  /** {@code vfio_pci_get_irq_count}: how many interrupts an index has; 0 for an unknown one. */
  int count(int index) {
    if (index == VFIO_PCI_INTX_IRQ_INDEX()) {
      return config.get().hasLegacyInterrupt() ? 1 : 0;
    }
    if (index == VFIO_PCI_MSI_IRQ_INDEX()) {
      return config.get().msiVectors();
    }
    if (index == VFIO_PCI_MSIX_IRQ_INDEX()) {
      return function.config().msixVectors();
    }
    return index == VFIO_PCI_REQ_IRQ_INDEX()
            || (index == VFIO_PCI_ERR_IRQ_INDEX() && reportsErrors())
        ? 1
        : 0;
  }

  /** True if there is {@code VFIO_PCI_ERR_IRQ_INDEX}. */
  boolean reportsErrors() {
    return user.release().has(Behavior.ERROR_INTERRUPT_OF_EVERY_FUNCTION)
        || function.config().isExpress();
  }

  /** {@code vfio_pci_ioctl_set_irqs}. */
  public void set(long argument) {
    var block = user.block(argument);
    long header = Request.VFIO_DEVICE_SET_IRQS.minimumBytes();
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
      user.memory().copyIn(argument + header, data);
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
    boolean on = mode == VFIO_PCI_INTX_IRQ_INDEX();
    if (on && change.count() == 0 && change.hasNoData()) {
      off();
      return;
    }
    if (!(on || mode == NONE) || change.start() != 0 || change.count() != 1) {
      throw Refused.with(Errno.EINVAL);
    }
    if (change.hasEventFds()) {
      EventFd trigger = change.fd(0) < 0 ? null : user.eventFd(change.fd(0));
      if (on) {
        legacy.trigger(trigger);
      } else {
        mode = VFIO_PCI_INTX_IRQ_INDEX();
        legacy.enable(trigger);
      }
    } else if (!on) {
      throw Refused.with(Errno.EINVAL);
    } else if (change.means(0)) {
      legacy.signal();
    }
  }

  /** {@code vfio_pci_set_intx_mask} and {@code _unmask}. */
  private void maskLegacy(Change change, boolean unmasks) {
    if (mode != VFIO_PCI_INTX_IRQ_INDEX() || change.start() != 0 || change.count() != 1) {
      throw Refused.with(Errno.EINVAL);
    }
    if (change.hasEventFds()) {
      if (!unmasks) {
        throw Refused.with(Errno.ENOTTY);
      }
      if (change.fd(0) < 0) {
        legacy.unmaskFd().disable();
      } else {
        legacy.unmaskFd().enable(change.fd(0));
      }
    } else if (change.means(0)) {
      if (unmasks) {
        legacy.unmask();
      } else {
        legacy.mask();
      }
    }
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
      setMessages(change, on);
      return;
    }
    for (int i = 0; i < change.count(); i++) {
      if (change.means(i)) {
        signal(messages.get(change.start() + i));
      }
    }
  }

  /** {@code vfio_msi_enable} and {@code vfio_msi_set_block}. */
  private void setMessages(Change change, boolean on) {
    if (!on && change.start() + change.count() == 0) {
      throw Refused.with(Errno.ERANGE);
    }
    if (!on) {
      early.clear();
      for (int vector = 0; vector < change.start() + change.count(); vector++) {
        early.put(vector, false);
      }
      boolean many = change.index() == VFIO_PCI_MSIX_IRQ_INDEX();
      function.interrupts().allocateMessages(many, this::handleMessage);
      mode = change.index();
      messagesInUse(true);
    }
    try {
      for (int i = 0; i < change.count(); i++) {
        int vector = change.start() + i;
        messages.remove(vector);
        if (change.fd(i) >= 0) {
          connect(vector, user.eventFd(change.fd(i)));
        }
      }
    } catch (Refused refused) {
      for (int i = 0; i < change.count(); i++) {
        messages.remove(change.start() + i);
      }
      if (!on) {
        off();
      }
      throw refused;
    }
  }

  /** {@code request_irq}. */
  private void connect(int vector, EventFd event) {
    messages.put(vector, event);
    if (Boolean.TRUE.equals(early.remove(vector))) {
      event.signal();
    }
  }

  /** {@code vfio_msihandler}. */
  private void handleMessage(int vector) {
    if (early.replace(vector, true) == null) {
      signal(messages.get(vector));
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
    return fd == -1 ? null : user.eventFd(fd);
  }

  private void off() {
    if (mode == VFIO_PCI_INTX_IRQ_INDEX()) {
      legacy.disable();
    } else if (mode != NONE) {
      messages.clear();
      messagesInUse(false);
      function.interrupts().freeMessages();
    }
    mode = NONE;
  }

  private void messagesInUse(boolean inUse) {
    if (mode == VFIO_PCI_MSI_IRQ_INDEX()) {
      config.get().msiInUse(inUse);
    }
  }

  /** Resets the interrupts at the last close: none is set up. */
  public synchronized void clear() {
    off();
    legacy.clear();
    error = null;
    request = null;
  }

  /** {@code vfio_pci_core_request}: the user is asked to close the device. */
  public void request() {
    signal(request);
  }

  private static void signal(@Nullable EventFd event) {
    if (event != null) {
      event.signal();
    }
  }
}
