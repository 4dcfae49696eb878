package io.iommufd4j.sim.vfio;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.DeferredWork;
import io.iommufd4j.sim.fs.OpenFiles;
import io.iommufd4j.sim.lib.IdTable;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The driver {@code vfio-pci}: which functions it has, and their nodes. It does no DMA itself, so
 * binding it claims nothing; that comes with {@code VFIO_DEVICE_BIND_IOMMUFD}.
 */
public final class VfioPci {

  /** As sysfs names it. */
  public static final String NAME = "vfio-pci";

  private final UserMemory memory;
  private final OpenFiles files;
  private final DeferredWork deferred = new DeferredWork();
  private final IdTable<VfioDevice> devices = new IdTable<>(0);
  private final Map<PciBus, ReentrantLock> locks = new WeakHashMap<>();

  /**
   * A driver that has no function yet.
   *
   * @param memory of the process that opens its nodes
   * @param files that process's descriptors
   */
  public VfioPci(UserMemory memory, OpenFiles files) {
    this.memory = memory;
    this.files = files;
  }

  /**
   * {@code vfio_pci_probe}: takes a function and gives it the lowest free node number.
   *
   * @throws Refused EBUSY when it has the function already
   */
  public synchronized VfioDevice probe(PciFunction function) {
    if (find(function) != null) {
      throw Refused.with(Errno.EBUSY);
    }
    int index = devices.reserve();
    var device = new VfioDevice(function, index, this);
    devices.publish(index, device);
    return device;
  }

  /**
   * {@code vfio_pci_remove}: waits until nobody has the function's node open, then lets go of it.
   *
   * @throws Refused ENODEV when it has no such function, EINTR when the thread is interrupted
   */
  public void remove(PciFunction function) {
    VfioDevice device = find(function);
    if (device == null) {
      throw Refused.with(Errno.ENODEV);
    }
    device.leave();
    devices.remove(device.index());
  }

  /** The device that drives a function; null when another driver or none has it. */
  public @Nullable VfioDevice find(PciFunction function) {
    for (VfioDevice device : devices()) {
      if (device.function() == function) {
        return device;
      }
    }
    return null;
  }

  /** All its devices, by node number. */
  public List<VfioDevice> devices() {
    var all = new ArrayList<VfioDevice>();
    devices.forEach(all::add);
    return all;
  }

  UserMemory memory() {
    return memory;
  }

  OpenFiles files() {
    return files;
  }

  DeferredWork deferred() {
    return deferred;
  }

  synchronized ReentrantLock lockOf(PciBus bus) {
    return locks.computeIfAbsent(bus, b -> new ReentrantLock());
  }
}
