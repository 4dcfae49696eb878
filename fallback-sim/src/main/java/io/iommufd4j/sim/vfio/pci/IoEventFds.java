// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.pci;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DEVICE_IOEVENTFD_SIZE_MASK;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_PCI_BAR5_REGION_INDEX;

import io.iommufd4j.bindings.vfio.vfio_device_ioeventfd;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.fs.DeferredWork;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.pci.PciFunction;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code VFIO_DEVICE_IOEVENTFD}: eventfds that write a register when they are signalled. */
public final class IoEventFds {

  /** {@code VFIO_PCI_IOEVENTFD_MAX}. */
  private static final int MOST = 1000;

  private static final int REMOVE = -1;

  /** A write to a BAR that an eventfd triggers. */
  private record Write(int bar, long at, int bytes, long data) {}

  private final PciFunction function;
  private final UserSpace user;
  private final DeferredWork deferred;
  private final OpenConfig config;
  private final Map<Write, Virqfd> writes = new LinkedHashMap<>();

  /** None yet. */
  public IoEventFds(
      PciFunction function, UserSpace user, DeferredWork deferred, OpenConfig config) {
    this.function = function;
    this.user = user;
    this.deferred = deferred;
    this.config = config;
  }

  /**
   * {@code vfio_pci_ioctl_ioeventfd}: EINVAL for a size that is none or a place outside a BAR,
   * EEXIST for a write that is there, ENODEV for one to be removed that is not, ENOSPC beyond 1000;
   * else as {@link Virqfd#enable}.
   */
  public void set(long argument) {
    var block = user.block(argument);
    MemorySegment asked = block.take(Request.VFIO_DEVICE_IOEVENTFD);
    int bytes = vfio_device_ioeventfd.flags(asked);
    int fd = vfio_device_ioeventfd.fd(asked);
    if ((bytes & ~VFIO_DEVICE_IOEVENTFD_SIZE_MASK()) != 0
        || Integer.bitCount(bytes) != 1
        || fd < REMOVE) {
      throw Refused.with(Errno.EINVAL);
    }
    long offset = vfio_device_ioeventfd.offset(asked);
    var write =
        new Write(
            Regions.indexOf(offset),
            Regions.within(offset),
            bytes,
            vfio_device_ioeventfd.data(asked));
    requireBar(write);
    change(write, fd);
  }

  private void requireBar(Write write) {
    if (Integer.compareUnsigned(write.bar(), VFIO_PCI_BAR5_REGION_INDEX()) > 0
        || write.at() + write.bytes() > function.barBytes(write.bar())) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  private synchronized void change(Write write, int fd) {
    Virqfd old = writes.get(write);
    if (fd == REMOVE) {
      if (old == null) {
        throw Refused.with(Errno.ENODEV);
      }
      old.disable();
      writes.remove(write);
      return;
    }
    if (old != null) {
      throw Refused.with(Errno.EEXIST);
    }
    if (writes.size() >= MOST) {
      throw Refused.with(Errno.ENOSPC);
    }
    var place = new Virqfd(user, deferred, () -> perform(write), () -> {});
    place.enable(fd);
    writes.put(write, place);
  }

  private boolean perform(Write write) {
    if (config.decodesMemory()) {
      function.store(write.bar(), write.at(), write.bytes(), write.data());
    }
    return false;
  }

  /** Removes all of them at the last close. */
  public synchronized void clear() {
    writes.values().forEach(Virqfd::disable);
    writes.clear();
  }
}
