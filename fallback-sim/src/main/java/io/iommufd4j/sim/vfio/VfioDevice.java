// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_INTX_DISABLE;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_MASTER;
import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND_MEMORY;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.DeferredWork;
import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.iommufd.IommufdDevice;
import io.iommufd4j.sim.lib.Mutex;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.pci.PciConfigSpace;
import io.iommufd4j.sim.pci.PciFunction;
import io.iommufd4j.sim.vfio.pci.DeviceDescription;
import io.iommufd4j.sim.vfio.pci.DeviceFeatures;
import io.iommufd4j.sim.vfio.pci.DeviceIrqs;
import io.iommufd4j.sim.vfio.pci.DmaBufs;
import io.iommufd4j.sim.vfio.pci.IoEventFds;
import io.iommufd4j.sim.vfio.pci.OpenConfig;
import io.iommufd4j.sim.vfio.pci.Regions;
import io.iommufd4j.sim.vfio.pci.Registration;
import io.iommufd4j.sim.vfio.pci.UserSpace;
import io.iommufd4j.sim.vfio.pci.VfToken;
import io.iommufd4j.sim.vfio.pci.VirtualConfig;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A function that vfio-pci or a variant of it drives ({@code struct vfio_device} and {@code struct
 * vfio_pci_core_device}).
 */
public final class VfioDevice implements VirtualConfig.Listener {

  private final PciFunction function;
  private final int index;
  private final VfioGroup group;
  private final Mutex lock;
  private final @Nullable VfToken ownToken;
  private final @Nullable VfToken sharedToken;
  private final Registration registration = new Registration();
  private final OpenConfig config = new OpenConfig();
  private final DeviceDescription description;
  private final DeviceFeatures features;
  private final DeviceIrqs irqs;
  private final DmaBufs dmaBufs;
  private final IoEventFds ioEventFds;
  private final Regions regions;
  private int openCount;
  private volatile boolean openedByNode;
  private boolean resetWorks;
  private volatile boolean hasVirtualFunctions;
  private byte[] saved = new byte[0];
  private volatile @Nullable IommufdDevice bound;

  /**
   * {@code vfio_pci_core_register_device}.
   *
   * @param lock of the devices that are reset together
   * @param user the process that opens it
   * @param sharedToken of the physical function, when that is vfio-pci's and made this one
   */
  VfioDevice(
      PciFunction function,
      int index,
      VfioGroup group,
      Mutex lock,
      UserSpace user,
      DeferredWork deferred,
      @Nullable VfToken sharedToken) {
    this.function = function;
    this.index = index;
    this.group = group;
    this.lock = lock;
    this.ownToken = function.sriov() == null ? null : new VfToken();
    this.sharedToken = sharedToken;
    irqs = new DeviceIrqs(function, user, deferred, config);
    dmaBufs = new DmaBufs(function, user, config, registration);
    features = new DeviceFeatures(user, dmaBufs, ownToken);
    ioEventFds = new IoEventFds(function, user, deferred, config);
    regions = new Regions(function, config);
    description = new DeviceDescription(function, user, irqs, () -> resetWorks);
  }

  /** The PCI function that it is. */
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

  /** True once vfio-pci is letting go of it: its node is removed. */
  public boolean leaving() {
    return registration.leaving();
  }

  /** The uses of it that its driver waits for. */
  Registration registration() {
    return registration;
  }

  /** {@code vf_token}: what the users of its virtual functions show; null without SR-IOV. */
  @Nullable VfToken ownToken() {
    return ownToken;
  }

  /**
   * The user shows a token.
   *
   * @param token null for none
   * @throws Refused as {@link VfToken#check}
   */
  void checkToken(@Nullable UUID token) {
    VfToken.check(sharedToken, ownToken, token);
  }

  /** {@code sriov_active}: whether it has virtual functions, and so has to stay awake. */
  void hasVirtualFunctions(boolean has) {
    hasVirtualFunctions = has;
    if (has) {
      config.wake();
    }
  }

  /** True if another device is reset together with it: they share a lock. */
  boolean inSet(@Nullable VfioDevice other) {
    return other != null && other.lock == lock;
  }

  /** True if it is bound to an iommufd. */
  public boolean bound() {
    return bound != null;
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

  /** The number of its opens that can use it; guarded by {@link #lock}. */
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

  /** {@code vfio_pci_core_request}: who is asked to close it finds its node gone. */
  void askToClose() {
    irqs.request();
  }

  /** The lock of the devices that are reset together ({@code struct vfio_device_set}). */
  Mutex lock() {
    return lock;
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
    config.open(new VirtualConfig(function, this));
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
    config.close();
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
