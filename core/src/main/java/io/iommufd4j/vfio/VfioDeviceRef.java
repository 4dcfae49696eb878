// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import static io.iommufd4j.vfio.DeviceAttachments.NO_PASID;

import io.iommufd4j.BoundDevice;
import io.iommufd4j.IommufdRef;
import io.iommufd4j.PageTable;
import io.iommufd4j.bindings.vfio.vfio_device_bind_iommufd;
import io.iommufd4j.bindings.vfio.vfio_device_feature;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.event.EventFdRef;
import io.iommufd4j.hint.KnownObjects;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.uapi.PageTableId;
import io.iommufd4j.vfio.DeviceAttachments.Verb;
import io.iommufd4j.vfio.feature.DeviceFeatures;
import io.iommufd4j.vfio.interrupt.DeviceInterrupts;
import io.iommufd4j.vfio.interrupt.IrqInfo;
import io.iommufd4j.vfio.interrupt.PciIrq;
import io.iommufd4j.vfio.reset.HotReset;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A VFIO device whose descriptor somebody else owns: every operation, but no close.
 *
 * <p>A device is <em>bound</em> to an iommufd, then <em>attached</em> to a page table, and from
 * then on the page table may be <em>replaced</em> under it:
 *
 * <blockquote>
 * DMA sees the old translation or the new one, never anything else; a replace that fails changes
 * nothing that Linux would not change; not atomic on every driver.
 * </blockquote>
 *
 * <p>What that means depends on the IOMMU driver: VT-d and AMD-Vi block the device's DMA for a
 * moment in between, and so does ARM SMMUv3 for a shorter one; VT-d, when it refuses, leaves the
 * device that it refused blocked. A replace moves every device of the IOMMU group (Linux: {@code
 * iommufd_device_replace()}, {@code iommu_replace_group_handle()}).
 *
 * <p>This object knows what was bound and attached through it. What is done through another
 * descriptor, or to a sibling of the group, is not known to it.
 *
 * <p>Any thread may use it at any time; attach, replace and detach wait for one another.
 */
public sealed class VfioDeviceRef implements BoundDevice permits VfioDevice {

  private static final int MAX_PASID = (1 << 20) - 1;
  private static final int TOKEN_BYTES = 16;
  private static final ValueLayout.OfLong NETWORK_LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final KernelFile file;
  private final DeviceAttachments attachments;

  private volatile @Nullable IommufdRef iommufd;
  private @Nullable DeviceId id;

  VfioDeviceRef(KernelFile file) {
    this.file = file;
    this.attachments = new DeviceAttachments(file);
  }

  /**
   * Uses a descriptor of a VFIO cdev and leaves it to its owner to close.
   *
   * @param kernel the kernel that the descriptor belongs to
   * @param fd an open {@code /dev/vfio/devices/vfioN}; whether it is one shows at the first request
   * @return the device; {@link #assumeBound} tells it of a bind made elsewhere
   */
  public static VfioDeviceRef of(Kernel kernel, int fd) {
    return new VfioDeviceRef(new KernelFile(kernel, fd));
  }

  /** {@return the kernel that answers} */
  public final Kernel kernel() {
    return file.kernel();
  }

  /**
   * {@return the descriptor, to be handed on; it stays this object's}
   *
   * @throws IllegalStateException when closed
   */
  public final int fd() {
    return file.fd();
  }

  final KernelFile file() {
    return file;
  }

  /**
   * Binds the device to an iommufd ({@code VFIO_DEVICE_BIND_IOMMUFD}), which takes the whole IOMMU
   * group from the host's drivers. It stays bound until its descriptor is closed. Before this the
   * kernel answers nothing else about the device.
   *
   * @param target an open iommufd of the same kernel
   * @return its id in the iommufd
   * @throws KernelException {@code EPERM} when its interrupts are not isolated, or another owner
   *     holds its group; {@code EBUSY} when the group is open the legacy way; {@code EINVAL} when
   *     bound already, or when DMA is not coherent with the caches; {@code EACCES} when a VF token
   *     is asked for; {@code EBADFD} when the other descriptor is no iommufd
   */
  public final DeviceId bind(IommufdRef target) {
    return bind(target, null);
  }

  /**
   * Binds a VF whose PF vfio-pci holds, by the PF's VF token; or a PF, which has that token from
   * now on, and has to show it while a VF is in use ({@code VFIO_DEVICE_BIND_FLAG_TOKEN}).
   *
   * @param target an open iommufd of the same kernel
   * @param token that the PF's owner chose
   * @return its id in the iommufd
   * @throws KernelException {@code EACCES} when the token is another; {@code EINVAL} when the
   *     device takes none; and as without one
   * @see #bind(IommufdRef)
   */
  public final DeviceId bindWithToken(IommufdRef target, UUID token) {
    return bind(target, token);
  }

  /**
   * Chooses what the users of this PF's VFs have to show from now on ({@code
   * VFIO_DEVICE_FEATURE_PCI_VF_TOKEN}). Before that nobody knows it: vfio-pci has one by chance.
   *
   * @param token replaces the one before
   * @throws KernelException {@code ENOTTY} when the device is no PF
   */
  public final void vfToken(UUID token) {
    try (Arena arena = Arena.ofConfined()) {
      long header = vfio_device_feature.sizeof();
      MemorySegment block = arena.allocate(header + TOKEN_BYTES, Long.BYTES);
      vfio_device_feature.argsz(block, (int) block.byteSize());
      vfio_device_feature.flags(
          block, vfio_h.VFIO_DEVICE_FEATURE_SET() | vfio_h.VFIO_DEVICE_FEATURE_PCI_VF_TOKEN());
      put(token, block, header);
      file.ioctl(Request.VFIO_DEVICE_FEATURE, block, null);
    }
  }

  private static void put(UUID token, MemorySegment block, long at) {
    block.set(NETWORK_LONG, at, token.getMostSignificantBits());
    block.set(NETWORK_LONG, at + Long.BYTES, token.getLeastSignificantBits());
  }

  private synchronized DeviceId bind(IommufdRef target, @Nullable UUID token) {
    try (Arena arena = Arena.ofConfined()) {
      // The token lies behind the struct in one block, so that all the kernel reads is lent.
      long header = vfio_device_bind_iommufd.sizeof();
      MemorySegment block = arena.allocate(header + TOKEN_BYTES, Long.BYTES);
      vfio_device_bind_iommufd.argsz(block, (int) header);
      vfio_device_bind_iommufd.iommufd(block, target.fd());
      if (token != null) {
        put(token, block, header);
        vfio_device_bind_iommufd.flags(block, vfio_h.VFIO_DEVICE_BIND_FLAG_TOKEN());
        vfio_device_bind_iommufd.token_uuid_ptr(block, block.address() + header);
      }
      int result = file.tryIoctl(Request.VFIO_DEVICE_BIND_IOMMUFD, block);
      if (result < 0) {
        throw file.refused(
            Request.VFIO_DEVICE_BIND_IOMMUFD, result, null, new BindHint(file, token != null));
      }
      var device = new DeviceId(vfio_device_bind_iommufd.out_devid(block));
      assumeBound(target, device);
      return device;
    }
  }

  /**
   * Takes note of a bind that was made elsewhere on this descriptor, as by a privileged process
   * that handed it over. Asks the kernel nothing.
   *
   * @param target the iommufd it is bound to
   * @param device its id there
   * @throws IllegalStateException when bound already
   */
  public final synchronized void assumeBound(IommufdRef target, DeviceId device) {
    if (iommufd != null) {
      throw new IllegalStateException(this + " is bound already");
    }
    iommufd = target;
    id = device;
    target.noteBound(this);
  }

  /**
   * Takes note of an attach that was made elsewhere on this descriptor, so that replace and detach
   * can follow. Asks the kernel nothing.
   *
   * @param pageTable the HWPT that translates now, or the IOAS of a device without an IOMMU of its
   *     own
   * @throws IllegalStateException when not bound
   */
  public final synchronized void assumeAttached(PageTableId pageTable) {
    requireBound();
    attachments.note(NO_PASID, pageTable);
  }

  /**
   * Its id in the iommufd.
   *
   * @throws IllegalStateException when not bound through this object
   */
  @Override
  public final DeviceId id() {
    return requireBound();
  }

  /** True if it has this id in the iommufd it is bound to. */
  final synchronized boolean isBoundAs(DeviceId device) {
    return device.equals(id);
  }

  /** The iommufd it is bound to, as far as this object knows. */
  @Override
  public final synchronized Optional<IommufdRef> iommufd() {
    return Optional.ofNullable(iommufd);
  }

  /**
   * The HWPT that translates its DMA, or the IOAS of a device without an IOMMU of its own, as the
   * kernel last reported to this object; empty when not attached through it. A replace through a
   * sibling of the group moves this device too, without this object knowing.
   */
  @Override
  public final synchronized Optional<PageTableId> attached() {
    return Optional.ofNullable(attachments.of(NO_PASID));
  }

  /** True if any of its PASIDs is attached, as far as this object knows. */
  final synchronized boolean hasPasidsAttached() {
    return attachments.anyPasid();
  }

  /**
   * {@return the HWPT that translates the DMA of one of its PASIDs} See {@link #attached()}.
   *
   * @param pasid from 1 to 2²⁰ − 1
   */
  public final synchronized Optional<PageTableId> attachedPasid(int pasid) {
    return Optional.ofNullable(attachments.of(checkedPasid(pasid)));
  }

  /**
   * Attaches the device to a page table ({@code VFIO_DEVICE_ATTACH_IOMMUFD_PT}), and with it the
   * first time its whole IOMMU group.
   *
   * @param target a HWPT, or an IOAS: then a compatible automatic HWPT of it is used, else made
   * @return the HWPT that translates now; the IOAS itself where no IOMMU does, as for a mediated
   *     device, whose driver reaches memory through the IOAS
   * @throws IllegalStateException when attached already: that is {@link #replace}
   * @throws KernelException {@code EINVAL} when it does not fit the device or the group is attached
   *     to another; {@code EADDRINUSE} when the IOAS maps what the group reserves; {@code ENOENT}
   *     without this page table; {@code EBUSY} during a reset; {@code ENOMEM}
   */
  public final PageTableId attach(PageTableId target) {
    return change(Verb.ATTACH, NO_PASID, target);
  }

  /**
   * Attaches the device to a page table.
   *
   * @param target of the iommufd that the device is bound to
   * @return the HWPT that translates now; the IOAS itself where no IOMMU does
   * @see #attach(PageTableId)
   */
  public final PageTableId attach(PageTable target) {
    return change(Verb.ATTACH, NO_PASID, local(target));
  }

  /**
   * Replaces the page table under the attached device, without detaching it ({@code
   * VFIO_DEVICE_ATTACH_IOMMUFD_PT} on an attached device).
   *
   * <p>DMA sees the old translation or the new one, never anything else; a replace that fails
   * changes nothing that Linux would not change; not atomic on every driver. The whole IOMMU group
   * moves. A replace by the HWPT that is attached succeeds and does nothing. An old automatic HWPT
   * that no device uses any more is gone afterwards; one that was allocated stays and is the way
   * back.
   *
   * <p>With a {@link HwptId} as the target this allocates nothing on the Java heap, and returns the
   * target itself.
   *
   * @param target a HWPT, or an IOAS: then a compatible automatic HWPT of it is used, else made
   * @return what {@link #attach(PageTableId)} returns
   * @throws IllegalStateException when not attached: replace never means attach
   * @throws KernelException as {@link #attach(PageTableId)}; the device is then still attached to
   *     the old page table
   */
  public final PageTableId replace(PageTableId target) {
    return change(Verb.REPLACE, NO_PASID, target);
  }

  /**
   * Replaces the page table under the attached device, without detaching it.
   *
   * @param target of the iommufd that the device is bound to
   * @return the HWPT that translates now; the IOAS itself where no IOMMU does
   * @see #replace(PageTableId)
   */
  public final PageTableId replace(PageTable target) {
    return change(Verb.REPLACE, NO_PASID, local(target));
  }

  /**
   * Attaches, with the refusals a program may expect as values.
   *
   * @param target a HWPT, or an IOAS
   * @return attached, or one of the refusals that {@link AttachOutcome} names
   * @see #attach(PageTableId)
   */
  public final AttachOutcome tryAttach(PageTableId target) {
    return tryChange(Verb.ATTACH, NO_PASID, target);
  }

  /**
   * Attaches, with the refusals a program may expect as values.
   *
   * @param target of the iommufd that the device is bound to
   * @return attached, or one of the refusals that {@link AttachOutcome} names
   * @see #attach(PageTableId)
   */
  public final AttachOutcome tryAttach(PageTable target) {
    return tryChange(Verb.ATTACH, NO_PASID, local(target));
  }

  /**
   * Replaces, with the refusals a program may expect as values.
   *
   * @param target a HWPT, or an IOAS
   * @return attached, or one of the refusals that {@link AttachOutcome} names
   * @see #replace(PageTableId)
   */
  public final AttachOutcome tryReplace(PageTableId target) {
    return tryChange(Verb.REPLACE, NO_PASID, target);
  }

  /**
   * Replaces, with the refusals a program may expect as values.
   *
   * @param target of the iommufd that the device is bound to
   * @return attached, or one of the refusals that {@link AttachOutcome} names
   * @see #replace(PageTableId)
   */
  public final AttachOutcome tryReplace(PageTable target) {
    return tryChange(Verb.REPLACE, NO_PASID, local(target));
  }

  /**
   * Detaches the device; its DMA is blocked from then on ({@code VFIO_DEVICE_DETACH_IOMMUFD_PT}).
   * An automatic HWPT that no device uses any more is gone afterwards.
   *
   * @throws IllegalStateException when not attached
   */
  public final synchronized void detach() {
    attachments.detach(NO_PASID, id);
  }

  /**
   * Attaches one of the device's PASIDs to a page table ({@code VFIO_DEVICE_ATTACH_PASID}).
   *
   * @param pasid from 1 to 2²⁰ − 1
   * @param target a HWPT made with {@link HwptFlag#PASID}; an IOAS is not advised
   * @return the HWPT that translates the PASID's DMA now
   * @throws KernelException {@code EOPNOTSUPP} when the device has no PASIDs; {@code EINVAL} when a
   *     HWPT involved was not made for PASIDs; and as {@link #attach(PageTableId)}
   * @see #attach(PageTableId)
   */
  public final PageTableId attachPasid(int pasid, PageTableId target) {
    return change(Verb.ATTACH, checkedPasid(pasid), target);
  }

  /**
   * Replaces the page table under one of the device's PASIDs, with the contract of {@link
   * #replace(PageTableId)}.
   *
   * @param pasid from 1 to 2²⁰ − 1
   * @param target a HWPT made with {@link HwptFlag#PASID}; an IOAS is not advised
   * @return the HWPT that translates the PASID's DMA now
   */
  public final PageTableId replacePasid(int pasid, PageTableId target) {
    return change(Verb.REPLACE, checkedPasid(pasid), target);
  }

  /**
   * Attaches one of the device's PASIDs, with the refusals a program may expect as values.
   *
   * @param pasid from 1 to 2²⁰ − 1
   * @param target a HWPT made with {@link HwptFlag#PASID}; an IOAS is not advised
   * @return attached, or one of the refusals that {@link AttachOutcome} names
   * @see #attachPasid
   */
  public final AttachOutcome tryAttachPasid(int pasid, PageTableId target) {
    return tryChange(Verb.ATTACH, checkedPasid(pasid), target);
  }

  /**
   * Replaces the page table under one of the device's PASIDs, with the refusals a program may
   * expect as values.
   *
   * @param pasid from 1 to 2²⁰ − 1
   * @param target a HWPT made with {@link HwptFlag#PASID}; an IOAS is not advised
   * @return attached, or one of the refusals that {@link AttachOutcome} names
   * @see #replacePasid
   */
  public final AttachOutcome tryReplacePasid(int pasid, PageTableId target) {
    return tryChange(Verb.REPLACE, checkedPasid(pasid), target);
  }

  /**
   * Detaches one of the device's PASIDs ({@code VFIO_DEVICE_DETACH_PASID}).
   *
   * @param pasid from 1 to 2²⁰ − 1
   * @throws IllegalStateException when it is not attached
   */
  public final synchronized void detachPasid(int pasid) {
    attachments.detach(checkedPasid(pasid), id);
  }

  private PageTableId change(Verb verb, int pasid, PageTableId target) {
    int result;
    synchronized (this) {
      requireBound();
      result = attachments.change(verb, pasid, target);
      if (result >= 0) {
        noteAutomatic(target, pasid);
        return translatesNow(pasid);
      }
    }
    throw refused(result, pasid, target);
  }

  private AttachOutcome tryChange(Verb verb, int pasid, PageTableId target) {
    int result;
    synchronized (this) {
      requireBound();
      result = attachments.change(verb, pasid, target);
      if (result >= 0) {
        noteAutomatic(target, pasid);
        return new AttachOutcome.Attached(translatesNow(pasid));
      }
    }
    return outcome(refused(result, pasid, target));
  }

  /** Sorts a refusal; throws it when it is none of those expected. */
  private static AttachOutcome outcome(KernelException cause) {
    return switch (cause.errno()) {
      case Errno.EINVAL -> new AttachOutcome.Incompatible(cause);
      case Errno.EADDRINUSE -> new AttachOutcome.ReservedIovaMapped(cause);
      case Errno.EBUSY -> new AttachOutcome.Busy(cause);
      case Errno.ENOENT -> new AttachOutcome.NoSuchPageTable(cause);
      case Errno.EOPNOTSUPP -> new AttachOutcome.Unsupported(cause);
      default -> throw cause;
    };
  }

  /** Notes the IOAS of the HWPT that an attach by IOAS id chose. */
  private void noteAutomatic(PageTableId target, int pasid) {
    IommufdRef here = iommufd;
    if (here != null && target instanceof IoasId && translatesNow(pasid) instanceof HwptId hwpt) {
      here.facts()
          .known()
          .made(hwpt, new KnownObjects.HwptOrigin(requireBound(), target, Set.of()));
    }
  }

  /** Not under the lock: the hint asks siblings, which may be asking this one. */
  private KernelException refused(int result, int pasid, PageTableId target) {
    IommufdRef here = iommufd;
    DeviceId bound = boundAs();
    if (here == null || bound == null) {
      return file.refused(Request.VFIO_DEVICE_ATTACH_IOMMUFD_PT, result, target);
    }
    var hint = new AttachHint(this, here, bound, pasid, target);
    return file.refused(Request.VFIO_DEVICE_ATTACH_IOMMUFD_PT, result, target, hint);
  }

  private PageTableId translatesNow(int pasid) {
    return Objects.requireNonNull(attachments.of(pasid));
  }

  /** Detaches what is attached: each PASID, then the device. Does nothing when closed. */
  @Override
  public final synchronized void detachAll() {
    if (file.isOpen()) {
      attachments.detachAll(id);
    }
  }

  /** Forgets the bind, which ends with the descriptor. */
  final synchronized void unbound() {
    if (iommufd != null) {
      iommufd.noteUnbound(this);
    }
    iommufd = null;
    id = null;
    attachments.clear();
  }

  private PageTableId local(PageTable target) {
    IommufdRef here = iommufd;
    return here == null ? target.id() : here.idOf(target);
  }

  private synchronized @Nullable DeviceId boundAs() {
    return id;
  }

  private synchronized DeviceId requireBound() {
    if (id == null) {
      throw new IllegalStateException(this + " is not bound to an iommufd");
    }
    return id;
  }

  private static int checkedPasid(int pasid) {
    if (pasid < 1 || pasid > MAX_PASID) {
      throw new IllegalArgumentException("a PASID lies between 1 and 2^20 - 1, unlike " + pasid);
    }
    return pasid;
  }

  /**
   * {@return the device's description ({@code VFIO_DEVICE_GET_INFO})}
   *
   * @throws KernelException {@code EINVAL} before bind
   */
  public final DeviceInfo info() {
    return DeviceInfo.read(file);
  }

  /**
   * {@return a region of the device ({@code VFIO_DEVICE_GET_REGION_INFO}); one of size 0 is not
   * there}
   *
   * @param index from 0 to {@link DeviceInfo#regions} − 1; see {@link PciRegion}
   * @throws KernelException {@code EINVAL} before bind, for an index out of range, or for the VGA
   *     ranges of a device that is no display controller
   */
  public final RegionInfo region(int index) {
    return RegionInfo.read(file, index);
  }

  /**
   * {@return a region of a PCI device} See {@link #region(int)}.
   *
   * @param region any; one that the device lacks has size 0
   */
  public final RegionInfo region(PciRegion region) {
    return region(region.index());
  }

  /**
   * {@return a kind of interrupt ({@code VFIO_DEVICE_GET_IRQ_INFO}); one with a count of 0 is not
   * there}
   *
   * @param index from 0 to {@link DeviceInfo#irqs} − 1; see {@link PciIrq}
   * @throws KernelException {@code EINVAL} before bind, for an index out of range, or for a kind
   *     that the device cannot have
   */
  public final IrqInfo irq(int index) {
    return interrupts().info(index);
  }

  /**
   * {@return a kind of interrupt of a PCI device} See {@link #irq(int)}.
   *
   * @param irq any; one that the device lacks has a count of 0
   */
  public final IrqInfo irq(PciIrq irq) {
    return irq(irq.index());
  }

  /** {@return its interrupts, to connect with eventfds ({@code VFIO_DEVICE_SET_IRQS})} */
  public final DeviceInterrupts interrupts() {
    return new DeviceInterrupts(file);
  }

  /** {@return its features: low power, dma-bufs, migration ({@code VFIO_DEVICE_FEATURE})} */
  public final DeviceFeatures features() {
    return new DeviceFeatures(file);
  }

  /** {@return the reset of its bus or slot, with all that sits there} */
  public final HotReset hotReset() {
    return new HotReset(file);
  }

  /**
   * Has a register written whenever an eventfd is signalled ({@code VFIO_DEVICE_IOEVENTFD}). The
   * kernel takes what is counted; nothing is written while the device's memory is switched off.
   *
   * @param region a BAR, as {@link #region(int)} gave it
   * @param position bytes from the region's start, a multiple of the width
   * @param width bytes to write: 1, 2, 4 or 8
   * @param value to write, its low {@code width} bytes
   * @param event signalled by whoever wants the register written
   * @return the connection, the caller's to close
   * @throws KernelException {@code EEXIST} when this very write has an eventfd already; {@code
   *     EINVAL} for a place outside of a BAR or in the MSI-X table, or a descriptor that is no
   *     eventfd; {@code EBADF} for one that is closed; {@code ENOSPC} beyond 1000 of a device;
   *     {@code ENOTTY} where the driver has none
   */
  public final IoEventFd connectIoEventFd(
      RegionInfo region, long position, int width, long value, EventFdRef event) {
    return IoEventFd.connect(file, region, position, width, value, event);
  }

  /**
   * Resets the device, and it alone ({@code VFIO_DEVICE_RESET}). Its registers are as after power
   * on; its translation stays.
   *
   * @throws KernelException {@code EINVAL} before bind, or when the device cannot be reset alone
   */
  public final void reset() {
    file.ioctl(Request.VFIO_DEVICE_RESET, MemorySegment.NULL, id);
  }

  /** {@return the PCI config space, as vfio-pci shows it: some registers are virtual} */
  public final ConfigSpace config() {
    return new ConfigSpace(file, region(PciRegion.CONFIG).offset());
  }

  /**
   * Reads from a region with {@code pread(2)}.
   *
   * @param region as {@link #region(int)} gave it
   * @param position bytes from the region's start
   * @param buffer a native segment to fill
   * @return bytes read; fewer than asked for at the region's end
   * @throws KernelException {@code EINVAL} outside of the region or before bind; {@code EIO} when
   *     the device's memory is switched off
   */
  public final long read(RegionInfo region, long position, MemorySegment buffer) {
    return file.pread(buffer, region.offset() + region.checked(position));
  }

  /**
   * Writes to a region with {@code pwrite(2)}.
   *
   * @param region as {@link #region(int)} gave it
   * @param position bytes from the region's start
   * @param buffer a native segment to write
   * @return bytes written; fewer than asked for at the region's end
   * @throws KernelException {@code EINVAL} outside of the region or before bind; {@code EIO} when
   *     the device's memory is switched off
   */
  public final long write(RegionInfo region, long position, MemorySegment buffer) {
    return file.pwrite(buffer, region.offset() + region.checked(position));
  }

  /**
   * {@return the registers of a region by system calls, mapping nothing}
   *
   * @param region as {@link #region(int)} gave it
   */
  public final RegionFile registers(RegionInfo region) {
    return new RegionFile(file, region);
  }

  /**
   * Opens a region: maps the areas of it that can be mapped, and leaves the rest to system calls.
   *
   * @param region as {@link #region(int)} gave it
   * @return its registers, the caller's to close
   * @throws KernelException {@code ENODEV} or {@code EINVAL} when an area cannot be mapped after
   *     all
   */
  public final DeviceRegion openRegion(RegionInfo region) {
    return DeviceRegion.open(file, region);
  }

  /**
   * Opens a region of a PCI device. See {@link #openRegion(RegionInfo)}.
   *
   * @param region one that the device has
   * @return its registers, the caller's to close
   */
  public final DeviceRegion openRegion(PciRegion region) {
    return openRegion(region(region));
  }

  /**
   * Maps a whole region into this process with {@code mmap(2)}, readable and writable as the region
   * is.
   *
   * @param index see {@link PciRegion}
   * @return the mapping, the caller's to close
   * @throws KernelException {@code EINVAL} when the region cannot be mapped; {@link
   *     RegionInfo#mappable} tells beforehand
   */
  public final MappedRegion mapRegion(int index) {
    RegionInfo region = region(index);
    return MappedRegion.map(file, region, 0, region.size());
  }

  /**
   * Maps a whole region of a PCI device. See {@link #mapRegion(int)}.
   *
   * @param region one that {@link RegionInfo#mappable} holds for
   * @return the mapping, the caller's to close
   */
  public final MappedRegion mapRegion(PciRegion region) {
    return mapRegion(region.index());
  }

  /**
   * Maps part of a region, as one of its {@link InfoCapability.SparseMmap} areas.
   *
   * @param region as {@link #region(int)} gave it
   * @param position bytes from the region's start, a multiple of the page size
   * @param length bytes
   * @return the mapping, the caller's to close
   * @throws KernelException {@code EINVAL} when that part cannot be mapped
   */
  public final MappedRegion mapRegion(RegionInfo region, long position, long length) {
    return MappedRegion.map(file, region, position, length);
  }

  /**
   * Makes a request with a block of the caller's, for what this version has no method for. A bind
   * or an attach made so is not known to this object: {@link #assumeBound} and {@link
   * #assumeAttached} tell it.
   *
   * @param request one that a VFIO device answers
   * @param block its struct, native memory with its {@code argsz} filled in
   * @return what the kernel answered, ≥ 0
   * @throws KernelException with the errno, and a hint where the errno alone gives one
   */
  public final int request(Request request, MemorySegment block) {
    return file.ioctl(request, block, boundAs());
  }

  @Override
  public String toString() {
    return describe(file);
  }

  static String describe(KernelFile file) {
    return "VFIO device (fd " + (file.isOpen() ? file.fd() : "closed") + ")";
  }
}
