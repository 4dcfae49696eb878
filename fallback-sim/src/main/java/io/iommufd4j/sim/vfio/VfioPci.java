// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.DeferredWork;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.fs.OpenFiles;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.lib.IdTable;
import io.iommufd4j.sim.lib.KernelRelease;
import io.iommufd4j.sim.lib.Mutex;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.CallingProcess;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.pci.PciBus;
import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.vfio.pci.UserSpace;
import io.iommufd4j.sim.vfio.pci.VfToken;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The common part of {@code vfio-pci} and its variants ({@code vfio_pci_core}): the functions that
 * they have, and their nodes. They do no DMA themselves, so binding one claims nothing; that comes
 * with {@code VFIO_DEVICE_BIND_IOMMUFD}.
 */
public final class VfioPci {

  /** As sysfs names it. */
  public static final String NAME = "vfio-pci";

  private final UserSpace user;
  private final CallingProcess calling;
  private final VfioParameters parameters;
  private final DeferredWork deferred = new DeferredWork();
  private final IdTable<IommuGroup> coreGroups;
  private final Map<IommuGroup, VfioGroup> groups = new ConcurrentHashMap<>();
  private final VfioDevices devices = new VfioDevices();
  private final Map<PciBus, Mutex> locks = new WeakHashMap<>();
  private volatile Consumer<PciFunction> leaving = function -> {};

  /**
   * A driver that has no function yet.
   *
   * @param memory the machine's
   * @param files descriptors of whichever process calls
   * @param calling which process calls, and what it may pin in containers
   * @param coreGroups the machine's IOMMU groups, by number
   * @param release which release's driver it is
   */
  public VfioPci(
      UserMemory memory,
      OpenFiles files,
      CallingProcess calling,
      IdTable<IommuGroup> coreGroups,
      KernelRelease release) {
    this.user = new UserSpace(calling.memory(memory), files, release);
    this.calling = calling;
    this.parameters = new VfioParameters(release);
    this.coreGroups = coreGroups;
  }

  /**
   * {@code vfio_pci_probe}: takes a function and gives it the lowest free node number; one without
   * an IOMMU gets a group, too.
   *
   * @throws Refused EBUSY when it has the function already, EINVAL for a bridge, or when the
   *     function has no IOMMU and {@link VfioParameters#unsafeNoIommu} is off
   */
  public synchronized VfioDevice probe(PciFunction function) {
    if (function.config().isBridge()) {
      throw Refused.with(Errno.EINVAL);
    }
    if (find(function) != null) {
      throw Refused.with(Errno.EBUSY);
    }
    IommuDevice hardware = function.device();
    if (!hardware.translated()) {
      enterOwnGroup(hardware);
    }
    int index = devices.reserve();
    VfioGroup group =
        groups.computeIfAbsent(hardware.group(), core -> new VfioGroup(core, freeMinor()));
    var device =
        new VfioDevice(
            function, index, group, lockOf(function), user, deferred, tokenFor(function));
    group.add(device);
    devices.add(device);
    return device;
  }

  /** {@code vfio_noiommu_group_alloc}. */
  private void enterOwnGroup(IommuDevice device) {
    if (!parameters.unsafeNoIommu().get()) {
      throw Refused.with(Errno.EINVAL);
    }
    int number = coreGroups.reserve();
    var core = new IommuGroup(number, VfioGroup.NO_IOMMU);
    coreGroups.publish(number, core);
    core.add(device);
  }

  /** Sets the listener for a node that is gone, though its users may go on using it. */
  public void onLeave(Consumer<PciFunction> listener) {
    leaving = listener;
  }

  /** Sets the function that gives a PCI function's directory in sysfs, below the root. */
  public void placedBy(Function<PciFunction, String> place) {
    devices.placedBy(place);
  }

  /** {@code vfio_pci_vf_init}: the token of a virtual function whose physical one is here. */
  private @Nullable VfToken tokenFor(PciFunction function) {
    PciFunction physical = function.physical();
    VfioDevice device = physical == null ? null : find(physical);
    return device == null ? null : device.ownToken();
  }

  /** The parameters of the modules. */
  public VfioParameters parameters() {
    return parameters;
  }

  /**
   * {@code vfio_pci_core_sriov_configure}: a function of its has virtual ones from now on, or none
   * any more.
   */
  public void hasVirtualFunctions(PciFunction physical, boolean has) {
    VfioDevice device = find(physical);
    if (device != null) {
      device.hasVirtualFunctions(has);
    }
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
    device.registration().leave();
    leaving.accept(function);
    device.askToClose();
    device.registration().awaitNone();
    synchronized (this) {
      VfioGroup group = device.group();
      if (group.remove(device)) {
        groups.remove(group.iommuGroup());
      }
      if (!group.translates()) {
        group.iommuGroup().remove(function.device());
        coreGroups.remove(group.iommuGroup().id());
      }
    }
    devices.remove(device);
  }

  private int freeMinor() {
    var taken = new BitSet();
    groups.values().forEach(group -> taken.set(group.minor()));
    return taken.nextClearBit(0);
  }

  /** {@code open(2)} of {@code /dev/vfio/vfio}. */
  public OpenFile openContainer() {
    return new ContainerFile(new Container(user.memory(), calling, parameters));
  }

  /**
   * {@code open(2)} of a device's node.
   *
   * @throws Refused ENODEV when the driver is letting go of the device
   */
  public OpenFile open(VfioDevice device) {
    return VfioDeviceFile.open(device, devices, user);
  }

  /**
   * {@code open(2)} of a group's node.
   *
   * @throws Refused EBUSY when it is open, or a device of it is bound by its own node
   */
  public OpenFile open(VfioGroup group) {
    return VfioGroupFile.open(group, devices, user);
  }

  /** The groups that have devices here, in no order. */
  public Collection<VfioGroup> groups() {
    return groups.values();
  }

  /** The device that drives a function; null when another driver or none has it. */
  public @Nullable VfioDevice find(PciFunction function) {
    return devices.find(function);
  }

  /** All its devices, by node number. */
  public List<VfioDevice> devices() {
    return devices.all();
  }

  /** Functions that are reset together share a lock ({@code vfio_assign_device_set}). */
  private Mutex lockOf(PciFunction function) {
    boolean resetsWithOthers = function.bus().resettable() && function.physical() == null;
    return resetsWithOthers ? locks.computeIfAbsent(function.bus(), _ -> new Mutex()) : new Mutex();
  }
}
