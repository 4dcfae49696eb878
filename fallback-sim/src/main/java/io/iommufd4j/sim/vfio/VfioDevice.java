package io.iommufd4j.sim.vfio;

import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_INTX_DISABLE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_MASTER;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_MEMORY;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.EventFd;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.fs.OpenFiles;
import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.iommufd.IommufdDevice;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.pci.PciConfigSpace;
import io.iommufd4j.sim.pci.PciFunction;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A function that vfio-pci or a variant of it drives ({@code struct vfio_device} and {@code struct
 * vfio_pci_core_device}).
 */
public final class VfioDevice implements VirtualConfig.Listener {

  private final PciFunction function;
  private final int index;
  private final VfioPci driver;
  private final VfioGroup group;
  private final ReentrantLock lock;
  private final @Nullable VfToken ownToken;
  private final @Nullable VfToken sharedToken;
  private final DeviceDescription description = new DeviceDescription(this);
  private final DeviceFeatures features = new DeviceFeatures(this);
  private final DeviceIrqs irqs;
  private final DmaBufs dmaBufs = new DmaBufs(this);
  private final IoEventFds ioEventFds = new IoEventFds(this);
  private final Regions regions = new Regions(this);
  private final HotReset hotReset = new HotReset(this);
  private int opens;
  private int openCount;
  private boolean leaving;
  private volatile boolean openedByNode;
  private boolean resetWorks;
  private volatile boolean hasVirtualFunctions;
  private byte[] saved = new byte[0];
  private volatile @Nullable IommufdDevice bound;
  private volatile @Nullable VirtualConfig config;

  /**
   * {@code vfio_pci_core_register_device}.
   *
   * @param sharedToken of the physical function, when that is vfio-pci's and made this one
   */
  VfioDevice(
      PciFunction function,
      int index,
      VfioPci driver,
      VfioGroup group,
      @Nullable VfToken sharedToken) {
    this.ownToken = function.sriov() == null ? null : new VfToken();
    this.sharedToken = sharedToken;
    this.group = group;
    this.function = function;
    this.index = index;
    this.driver = driver;
    this.irqs = new DeviceIrqs(this);
    boolean resetsWithOthers = function.bus().resettable() && function.physical() == null;
    this.lock = resetsWithOthers ? driver.lockOf(function.bus()) : new ReentrantLock();
  }

  /** What it drives. */
  public PciFunction function() {
    return function;
  }

  /** Its number among VFIO devices: the lowest that was free. */
  public int index() {
    return index;
  }

  /** Its node under {@code /dev/vfio/devices}: {@code vfio0}, or {@code noiommu-vfio0}. */
  public String nodeName() {
    return (group.translates() ? "" : "noiommu-") + "vfio" + index;
  }

  /** Whether vfio-pci is letting go of it: its node is no more. */
  public synchronized boolean leaving() {
    return leaving;
  }

  /** {@code vf_token}: what the users of its virtual functions show; null without SR-IOV. */
  @Nullable VfToken ownToken() {
    return ownToken;
  }

  /**
   * {@code sriov_pf_core_dev}'s token: what its user shows; null of what is no virtual function.
   */
  @Nullable VfToken sharedToken() {
    return sharedToken;
  }

  /** {@code sriov_active}: whether it has virtual functions, and so has to stay awake. */
  boolean hasVirtualFunctions() {
    return hasVirtualFunctions;
  }

  void hasVirtualFunctions(boolean has) {
    hasVirtualFunctions = has;
    VirtualConfig now = config;
    if (has && now != null) {
      now.wake();
    }
  }

  /** Whether another device is reset together with it: they share a lock. */
  boolean inSet(@Nullable VfioDevice other) {
    return other != null && other.lock == lock;
  }

  /** Whether it is bound to an iommufd. */
  public boolean bound() {
    return bound != null;
  }

  /**
   * {@code open(2)} of its node.
   *
   * @throws Refused ENODEV when vfio-pci is letting go of it
   */
  public OpenFile open() {
    register();
    return new VfioDeviceFile(this);
  }

  /**
   * {@code vfio_device_open_file}: an open of it through its group.
   *
   * @throws Refused ENODEV when vfio-pci is letting go of it, and as {@link VfioGroup#openDevice}
   */
  OpenFile openThrough(VfioGroup through) {
    register();
    try {
      through.openDevice(this);
    } catch (Refused refused) {
      closed();
      throw refused;
    }
    return new VfioDeviceFile(this, through);
  }

  /**
   * {@code vfio_device_try_get_registration}; undone by {@link #closed}.
   *
   * @throws Refused ENODEV when vfio-pci is letting go of it
   */
  synchronized void register() {
    if (leaving) {
      throw Refused.with(Errno.ENODEV);
    }
    opens++;
  }

  /** The group it is in. */
  VfioGroup group() {
    return group;
  }

  /** {@code cdev_opened}: whether the open that can use it is of its own node. */
  boolean openedByNode() {
    return openedByNode;
  }

  void openedByNode(boolean byNode) {
    openedByNode = byNode;
  }

  /** How many of its opens can use it; guarded by {@link #lock}. */
  int openCount() {
    return openCount;
  }

  /** One more open can use it. */
  void openAgain() {
    openCount++;
  }

  /** One open less, and not the last. */
  void closeOnce() {
    openCount--;
  }

  synchronized void closed() {
    opens--;
    notifyAll();
  }

  /**
   * {@code vfio_unregister_group_dev}: no new opens, and waits until the last one is closed.
   *
   * @throws Refused EINTR when the thread is interrupted; Linux has no such answer
   */
  void leave() {
    synchronized (this) {
      leaving = true;
    }
    driver.leaving(function);
    // Who is asked to close it finds its node gone.
    irqs.request();
    synchronized (this) {
      try {
        while (opens > 0) {
          wait();
        }
      } catch (InterruptedException e) {
        leaving = false;
        Thread.currentThread().interrupt();
        throw Refused.with(Errno.EINTR);
      }
    }
  }

  /** The lock of the devices that are reset together ({@code struct vfio_device_set}). */
  ReentrantLock lock() {
    return lock;
  }

  VfioPci driver() {
    return driver;
  }

  UserMemory memory() {
    return driver.memory();
  }

  OpenFiles files() {
    return driver.files();
  }

  /**
   * {@code eventfd_ctx_fdget}: the counter lives on when the descriptor is closed.
   *
   * @throws Refused EBADF for a closed descriptor, EINVAL for another kind of file
   */
  EventFd eventFd(int fd) {
    OpenFile file = files().find(fd);
    if (file == null) {
      throw Refused.with(Errno.EBADF);
    }
    if (file instanceof EventFd event) {
      return event;
    }
    throw Refused.with(Errno.EINVAL);
  }

  DeviceDescription description() {
    return description;
  }

  DeviceFeatures features() {
    return features;
  }

  DeviceIrqs irqs() {
    return irqs;
  }

  DmaBufs dmaBufs() {
    return dmaBufs;
  }

  @Override
  public void pinDisabled(boolean disabled) {
    irqs.pinDisabled(disabled);
  }

  @Override
  public void decoding(boolean memory) {
    if (memory) {
      dmaBufs.restore();
    } else {
      dmaBufs.revoke();
    }
  }

  @Override
  public void resetAsked() {
    if (function.resettable()) {
      dmaBufs.revoke();
      function.reset();
      dmaBufs.restore();
    }
  }

  @Override
  public boolean maySleep() {
    return !hasVirtualFunctions;
  }

  IoEventFds ioEventFds() {
    return ioEventFds;
  }

  Regions regions() {
    return regions;
  }

  HotReset hotReset() {
    return hotReset;
  }

  /** The context it is bound to; null while it is not. */
  @Nullable IommufdContext context() {
    IommufdDevice now = bound;
    return now == null ? null : now.context();
  }

  IommufdDevice iommufdDevice() {
    IommufdDevice now = bound;
    if (now == null) {
      throw new IllegalStateException(function + " is not bound");
    }
    return now;
  }

  VirtualConfig config() {
    VirtualConfig now = config;
    if (now == null) {
      throw Refused.with(Errno.EINVAL);
    }
    return now;
  }

  /** Whether memory accesses reach the function: the user's decoding is on. */
  boolean decodesMemory() {
    VirtualConfig now = config;
    return now != null && now.decodesMemory();
  }

  boolean resetWorks() {
    return resetWorks;
  }

  /**
   * {@code vfio_df_open}: binds to a context, then readies the function.
   *
   * @throws Refused EINVAL when another open has it; else as {@link IommufdDevice#bind}
   */
  void enable(IommufdContext context) {
    if (openCount > 0) {
      throw Refused.with(Errno.EINVAL);
    }
    bound = IommufdDevice.bind(context, function.device());
    enable();
  }

  /** {@code vfio_pci_core_enable}. */
  void enable() {
    openCount++;
    PciConfigSpace hardware = function.config();
    command(PCI_COMMAND_MASTER(), PCI_COMMAND_MEMORY());
    resetWorks = function.resettable();
    if (resetWorks) {
      function.reset();
    }
    saved = hardware.bytes();
    command(PCI_COMMAND_INTX_DISABLE(), 0);
    config = new VirtualConfig(function, this);
    if (sharedToken != null) {
      sharedToken.use();
    }
  }

  /** Undoes {@link #enable} before anything was attached. */
  void disable() {
    close();
    unbind();
  }

  /** {@code vfio_pci_core_disable}: no more DMA, and the registers as they were before the open. */
  void close() {
    openCount--;
    if (sharedToken != null) {
      sharedToken.unuse();
    }
    dmaBufs.clear();
    command(PCI_COMMAND_MASTER(), 0);
    irqs.clear();
    ioEventFds.clear();
    features.clear();
    config = null;
    function.config().restore(saved);
    if (resetWorks) {
      function.reset();
    }
  }

  void unbind() {
    iommufdDevice().unbind();
    bound = null;
  }

  /**
   * {@code VFIO_DEVICE_RESET}.
   *
   * @throws Refused EINVAL when it cannot be reset by itself
   */
  void reset() {
    if (!resetWorks) {
      throw Refused.with(Errno.EINVAL);
    }
    dmaBufs.revoke();
    function.reset();
    dmaBufs.restore();
  }

  private void command(int off, int on) {
    PciConfigSpace hardware = function.config();
    hardware.write(PCI_COMMAND(), 2, (hardware.read(PCI_COMMAND(), 2) & ~off) | on);
  }
}
