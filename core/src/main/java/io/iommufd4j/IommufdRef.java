// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.bindings.iommufd.iommu_destroy;
import io.iommufd4j.bindings.iommufd.iommu_fault_alloc;
import io.iommufd4j.bindings.iommufd.iommu_ioas_change_process;
import io.iommufd4j.bindings.iommufd.iommu_option;
import io.iommufd4j.bindings.iommufd.iommu_vfio_ioas;
import io.iommufd4j.bindings.iommufd.iommu_viommu_alloc;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.data.EventType;
import io.iommufd4j.data.HwInfo;
import io.iommufd4j.data.HwptData;
import io.iommufd4j.data.HwptSpec;
import io.iommufd4j.data.ViommuData;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.hint.ForeignObjects;
import io.iommufd4j.hint.HwptHint;
import io.iommufd4j.hint.IommufdFacts;
import io.iommufd4j.hint.KnownObjects;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.EventQueueId;
import io.iommufd4j.uapi.FaultQueueId;
import io.iommufd4j.uapi.HwQueueId;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.HwptParentId;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.uapi.ObjectId;
import io.iommufd4j.uapi.PageTableId;
import io.iommufd4j.uapi.VdeviceId;
import io.iommufd4j.uapi.ViommuId;
import io.iommufd4j.wire.HardwareInfo;
import io.iommufd4j.wire.IommufdCalls;
import io.iommufd4j.wire.KernelFile;
import io.iommufd4j.wire.NewObject;
import io.iommufd4j.wire.RequestBlocks;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An iommufd that somebody else owns: every operation, but no close. Objects made through it are
 * handles that destroy what they made when closed.
 *
 * <p>Any thread may use it at any time.
 */
public sealed class IommufdRef permits Iommufd {

  private static final int GLOBAL = 0;

  private final KernelFile file;
  private final OwnedObjects owned;

  /**
   * On an open descriptor.
   *
   * @param closed true if closing this is to close what handles own
   */
  IommufdRef(KernelFile file, boolean closed) {
    this.file = file;
    this.owned = new OwnedObjects(new IommufdFacts(file, new KnownObjects()), closed);
  }

  /**
   * Uses a descriptor of {@code /dev/iommu} and leaves it to its owner to close.
   *
   * @param kernel the kernel that the descriptor belongs to
   * @param fd an open iommufd of this kernel; whether it is one shows at the first request
   * @return the iommufd with the objects it has already
   */
  public static IommufdRef of(Kernel kernel, int fd) {
    return new IommufdRef(new KernelFile(kernel, fd), false);
  }

  /** {@return the kernel that answers} */
  public Kernel kernel() {
    return file.kernel();
  }

  /**
   * {@return the descriptor, to be handed on; it stays this object's}
   *
   * @throws IllegalStateException when closed
   */
  public int fd() {
    return file.fd();
  }

  KernelFile file() {
    return file;
  }

  OwnedObjects owned() {
    return owned;
  }

  /** {@return the facts that hints draw on; of use to this project's own packages alone} */
  public final IommufdFacts facts() {
    return owned.facts();
  }

  /**
   * Makes an empty I/O address space ({@code IOMMU_IOAS_ALLOC}).
   *
   * @return an IOAS without mappings, the caller's to close
   * @throws KernelException {@code ENOMEM}
   */
  public Ioas newIoas() {
    return new Ioas(this, new IoasId(IommufdCalls.newIoas(file)));
  }

  /**
   * Takes an IOAS over that was made elsewhere, in this iommufd; closing it destroys it.
   *
   * @param id of this iommufd; whether it exists shows at the first request
   * @return the IOAS, the caller's to close
   */
  public Ioas adopt(IoasId id) {
    return new Ioas(this, id);
  }

  /**
   * {@return an IOAS that somebody else owns} Whether it exists shows at the first request.
   *
   * @param id of this iommufd
   */
  public IoasRef ioas(IoasId id) {
    return new IoasRef(this, id);
  }

  /**
   * Allocates a hardware page table that translates by an IOAS, without flags.
   *
   * @param device bound to this iommufd; its IOMMU decides the page table's format
   * @param parent the IOAS it translates by
   * @return a HWPT, the caller's to close
   * @see #newHwpt(DeviceId, PageTableId, Set)
   */
  public Hwpt newHwpt(BoundDevice device, PageTable parent) {
    return newHwpt(device, parent, Set.of());
  }

  /**
   * Allocates a hardware page table.
   *
   * @param device bound to this iommufd; its IOMMU decides the page table's format
   * @param parent the IOAS it translates by
   * @param flags may be empty
   * @return a HWPT, the caller's to close
   * @see #newHwpt(DeviceId, PageTableId, Set)
   */
  public Hwpt newHwpt(BoundDevice device, PageTable parent, Set<HwptFlag> flags) {
    return newHwpt(local(device), idOf(parent), flags);
  }

  /**
   * Allocates a hardware page table.
   *
   * @param device bound to this iommufd; its IOMMU decides the page table's format
   * @param parent the IOAS it translates by
   * @param flags may be empty
   * @return a HWPT, the caller's to close
   * @see #newHwpt(DeviceId, PageTableId, Set)
   */
  public Hwpt newHwpt(BoundDevice device, PageTableId parent, Set<HwptFlag> flags) {
    return newHwpt(local(device), parent, flags);
  }

  /**
   * Allocates a hardware page table ({@code IOMMU_HWPT_ALLOC} without driver data): the domain that
   * a device's IOMMU driver makes, filled with what the IOAS maps. It serves any device that the
   * driver finds compatible.
   *
   * @param device a device bound to this iommufd; its IOMMU decides the page table's format
   * @param parent the IOAS it translates by
   * @param flags what it is for
   * @return a HWPT, the caller's to close
   * @throws KernelException {@code EOPNOTSUPP} when the IOMMU lacks what a flag asks for; {@code
   *     EINVAL} when the parent does not exist or cannot be one; {@code ENOENT} when the device is
   *     not bound here; {@code EADDRINUSE} or {@code EINVAL} when a mapping lies outside the
   *     domain's aperture; {@code ENOMEM} when pages cannot be pinned within RLIMIT_MEMLOCK
   */
  public Hwpt newHwpt(DeviceId device, PageTableId parent, Set<HwptFlag> flags) {
    return newHwpt(device, parent, new HwptSpec(flags, Optional.empty(), new HwptData.None()));
  }

  /**
   * Allocates a hardware page table with all that {@code IOMMU_HWPT_ALLOC} takes.
   *
   * @param device bound to this iommufd; its IOMMU decides the page table's format
   * @param parent an IOAS; for a nested one a nesting parent or a vIOMMU
   * @param spec what it is to be
   * @return a HWPT, the caller's to close
   * @see #newHwpt(DeviceId, HwptParentId, HwptSpec)
   */
  public Hwpt newHwpt(BoundDevice device, HwptParentId parent, HwptSpec spec) {
    return newHwpt(local(device), parent, spec);
  }

  /**
   * Allocates a hardware page table with all that {@code IOMMU_HWPT_ALLOC} takes: a fault queue,
   * and for a nested one the page table of a guest.
   *
   * @param device a device bound to this iommufd; its IOMMU decides the page table's format
   * @param parent an IOAS; for a nested one a nesting parent or a vIOMMU
   * @param spec what it is to be
   * @return a HWPT, the caller's to close
   * @throws KernelException {@code EOPNOTSUPP} when the IOMMU cannot nest so, or lacks what a flag
   *     asks for; {@code EINVAL} when the parent does not exist, cannot be one or belongs to
   *     another IOMMU, or for data of another format; {@code EIO} for a stream table entry that an
   *     SMMUv3 does not take; {@code ENOENT} when the device is not bound here or there is no such
   *     fault queue; and as {@link #newHwpt(DeviceId, PageTableId, Set)}
   */
  public Hwpt newHwpt(DeviceId device, HwptParentId parent, HwptSpec spec) {
    int result = IommufdCalls.newHwpt(file, device, parent, spec);
    if (result < 0) {
      var hint = new HwptHint(facts(), device, parent, spec);
      throw file.refused(Request.IOMMU_HWPT_ALLOC, result, parent, hint);
    }
    var hwpt = new Hwpt(this, new HwptId(result));
    facts().known().made(hwpt.id(), new KnownObjects.HwptOrigin(device, parent, spec.flags()));
    return hwpt;
  }

  /**
   * Takes a HWPT over that was made elsewhere, in this iommufd; closing it destroys it.
   *
   * @param id of this iommufd; whether it exists shows at the first request
   * @return the HWPT, the caller's to close
   */
  public Hwpt adopt(HwptId id) {
    return new Hwpt(this, id);
  }

  /**
   * {@return a HWPT that somebody else owns} Whether it exists shows at the first request.
   *
   * @param id of this iommufd
   */
  public HwptRef hwpt(HwptId id) {
    return new HwptRef(this, id);
  }

  /**
   * {@return the capabilities of the IOMMU before a device}
   *
   * @param device bound to this iommufd
   * @see #hwInfo(DeviceId)
   */
  public HwInfo hwInfo(BoundDevice device) {
    return hwInfo(local(device));
  }

  /**
   * {@return the capabilities of the IOMMU before a device ({@code IOMMU_GET_HW_INFO})}
   *
   * @param device bound to this iommufd
   * @throws KernelException {@code ENOENT} when the device is not bound here; {@code EOPNOTSUPP}
   *     for a device without an IOMMU
   */
  public HwInfo hwInfo(DeviceId device) {
    return HardwareInfo.read(file, device, iommufd_h.IOMMU_HW_INFO_TYPE_DEFAULT());
  }

  /**
   * {@return a description of the IOMMU before a device that is not its driver's usual one ({@code
   * IOMMU_HW_INFO_FLAG_INPUT_TYPE}), as that of a Tegra241's command queues}
   *
   * @param device bound to this iommufd
   * @param type {@code enum iommu_hw_info_type}
   * @throws KernelException {@code EOPNOTSUPP} when the driver has none of this type, or the kernel
   *     is older than 6.17; {@code ENOENT} when the device is not bound here
   */
  public HwInfo hwInfo(DeviceId device, int type) {
    return HardwareInfo.read(file, device, type);
  }

  /**
   * Makes a queue for I/O page faults ({@code IOMMU_FAULT_QUEUE_ALLOC}). HWPTs are given it when
   * they are made.
   *
   * @return a queue, the caller's to close after the HWPTs that use it
   * @throws KernelException {@code ENOMEM}; {@code EMFILE} when the process has no descriptor left
   */
  public FaultQueue newFaultQueue() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = iommu_fault_alloc.allocate(arena);
      iommu_fault_alloc.size(block, (int) block.byteSize());
      file.ioctl(Request.IOMMU_FAULT_QUEUE_ALLOC, block, null);
      return adopt(
          new FaultQueueId(iommu_fault_alloc.out_fault_id(block)),
          iommu_fault_alloc.out_fault_fd(block));
    }
  }

  /**
   * Takes a fault queue over that was made elsewhere, in this iommufd; closing it destroys it.
   *
   * @param id of this iommufd
   * @param fd the queue's descriptor, which is closed as well
   * @return the queue, the caller's to close
   */
  public FaultQueue adopt(FaultQueueId id, int fd) {
    return new FaultQueue(owned, id, new KernelFile(kernel(), fd));
  }

  /**
   * {@return a fault queue that somebody else owns}
   *
   * @param id of this iommufd
   * @param fd the queue's descriptor
   */
  public FaultQueueRef faultQueue(FaultQueueId id, int fd) {
    return new FaultQueueRef(id, new KernelFile(kernel(), fd));
  }

  /**
   * Makes a vIOMMU: a guest's own part of the IOMMU before a device ({@code IOMMU_VIOMMU_ALLOC}).
   *
   * @param device bound to this iommufd
   * @param parent a HWPT made with {@link HwptFlag#NEST_PARENT}, which maps the guest's memory
   * @param data its kind, with what the driver is told
   * @return a vIOMMU, the caller's to close
   * @throws KernelException {@code EOPNOTSUPP} when the IOMMU, or the kernel's driver of it, has no
   *     vIOMMUs of this kind; {@code EINVAL} when the parent is no nesting parent; {@code ENOENT}
   *     without the device or the parent
   */
  public Viommu newViommu(DeviceId device, HwptId parent, ViommuData data) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = iommu_viommu_alloc.allocate(arena);
      MemorySegment told = data.allocate(arena);
      iommu_viommu_alloc.size(block, (int) block.byteSize());
      iommu_viommu_alloc.type(block, data.type());
      iommu_viommu_alloc.dev_id(block, device.value());
      iommu_viommu_alloc.hwpt_id(block, parent.value());
      iommu_viommu_alloc.data_len(block, (int) told.byteSize());
      iommu_viommu_alloc.data_uptr(block, told.address());
      file.ioctl(Request.IOMMU_VIOMMU_ALLOC, block, parent);
      var id = new ViommuId(iommu_viommu_alloc.out_viommu_id(block));
      return new Viommu(owned, id, data.answered(told));
    }
  }

  /**
   * Takes a vIOMMU over that was made elsewhere, in this iommufd; closing it destroys it.
   *
   * @param id of this iommufd; whether it exists shows at the first request
   * @param data its kind
   * @return the vIOMMU, the caller's to close
   */
  public Viommu adopt(ViommuId id, ViommuData data) {
    return new Viommu(owned, id, data);
  }

  /**
   * {@return a vIOMMU that somebody else owns} Whether it exists shows at the first request.
   *
   * @param id of this iommufd
   */
  public ViommuRef viommu(ViommuId id) {
    return new ViommuRef(owned, id);
  }

  /**
   * Takes a device of a guest over that was made elsewhere, in this iommufd; closing it destroys
   * it.
   *
   * @param id of this iommufd
   * @return the device in the guest, the caller's to close
   */
  public Vdevice adopt(VdeviceId id) {
    return new Vdevice(owned, id);
  }

  /**
   * Takes a queue of events over that was made elsewhere, in this iommufd; closing it destroys it.
   *
   * @param id of this iommufd
   * @param fd the queue's descriptor, which is closed as well
   * @param type of its events
   * @return the queue, the caller's to close
   */
  public EventQueue adopt(EventQueueId id, int fd, EventType type) {
    return new EventQueue(owned, id, new KernelFile(kernel(), fd), type);
  }

  /**
   * {@return a queue of events that somebody else owns}
   *
   * @param id of this iommufd
   * @param fd the queue's descriptor
   * @param type of its events
   */
  public EventQueueRef eventQueue(EventQueueId id, int fd, EventType type) {
    return new EventQueueRef(id, new KernelFile(kernel(), fd), type);
  }

  /**
   * Takes a hardware queue over that was made elsewhere, in this iommufd; closing it destroys it.
   *
   * @param id of this iommufd
   * @return the queue, the caller's to close
   */
  public HwQueue adopt(HwQueueId id) {
    return new HwQueue(owned, id);
  }

  /**
   * Maps memory of the IOMMU's driver for reading and writing ({@code mmap(2)}), as the driver
   * offered it when a vIOMMU was made: {@link ViommuData.Tegra241Cmdqv} has the two numbers.
   *
   * @param offset bytes, as the driver said
   * @param bytes length, as the driver said
   * @return the mapping, the caller's to close
   * @throws KernelException {@code ENXIO} when the driver offers nothing of that offset and length
   */
  public DriverMapping mapDriver(long offset, long bytes) {
    return new DriverMapping(owned, offset, bytes);
  }

  /**
   * {@return the IOAS that containers of this iommufd map into; empty while there is none ({@code
   * IOMMU_VFIO_IOAS_GET})}
   */
  public Optional<IoasRef> vfioIoas() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = vfioIoas(arena, iommufd_h.IOMMU_VFIO_IOAS_GET());
      int result = file.tryIoctl(Request.IOMMU_VFIO_IOAS, block);
      if (result == Errno.ENODEV.negated()) {
        return Optional.empty();
      }
      if (result < 0) {
        throw file.refused(Request.IOMMU_VFIO_IOAS, result, null);
      }
      return Optional.of(ioas(new IoasId(iommu_vfio_ioas.ioas_id(block))));
    }
  }

  /**
   * Chooses the IOAS that containers map into which are set up from now on ({@code
   * IOMMU_VFIO_IOAS_SET}): a program written for VFIO's type 1 is given this descriptor as its
   * container.
   *
   * @param ioas of this iommufd
   * @throws KernelException {@code ENOENT} without this IOAS
   */
  public void vfioIoas(IoasId ioas) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = vfioIoas(arena, iommufd_h.IOMMU_VFIO_IOAS_SET());
      iommu_vfio_ioas.ioas_id(block, ioas.value());
      file.ioctl(Request.IOMMU_VFIO_IOAS, block, ioas);
    }
  }

  /**
   * Leaves containers without an IOAS ({@code IOMMU_VFIO_IOAS_CLEAR}). It is not destroyed, nor is
   * one that the kernel made.
   */
  public void clearVfioIoas() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = vfioIoas(arena, iommufd_h.IOMMU_VFIO_IOAS_CLEAR());
      file.ioctl(Request.IOMMU_VFIO_IOAS, block, null);
    }
  }

  private static MemorySegment vfioIoas(Arena arena, int operation) {
    MemorySegment block = iommu_vfio_ioas.allocate(arena);
    iommu_vfio_ioas.size(block, (int) block.byteSize());
    iommu_vfio_ioas.op(block, (short) operation);
    return block;
  }

  /**
   * Makes the calling process the one that pays for all pinned memory ({@code
   * IOMMU_IOAS_CHANGE_PROCESS}), as after an exec or when another process has handed the descriptor
   * on. When it is refused nothing has changed.
   *
   * @throws KernelException {@code EINVAL} when memory is mapped by address: only files can follow;
   *     {@code ENOMEM} beyond RLIMIT_MEMLOCK; {@code EBUSY} while the kernel itself uses mapped
   *     memory
   */
  public void changeProcess() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = iommu_ioas_change_process.allocate(arena);
      iommu_ioas_change_process.size(block, (int) block.byteSize());
      file.ioctl(Request.IOMMU_IOAS_CHANGE_PROCESS, block, null);
    }
  }

  /**
   * Makes a request with a block of the caller's, for what this version has no method for. An
   * object that it makes belongs to no handle: {@code adopt} gives it one.
   *
   * @param request one that {@code /dev/iommu} answers
   * @param block its struct, native memory with its {@code size} filled in
   * @return what the kernel answered, ≥ 0
   * @throws KernelException with the errno, and a hint where the errno alone gives one
   */
  public int request(Request request, MemorySegment block) {
    int result = file.ioctl(request, block, null);
    NewObject.of(request, block).ifPresent(facts().known()::requested);
    if (request == Request.IOMMU_DESTROY) {
      facts().known().gone(iommu_destroy.id(block));
    }
    return result;
  }

  /**
   * {@return the objects of this iommufd that no handle made through this object owns, by ascending
   * id} Those that {@link #request} made are known; of others, made through another descriptor,
   * IOASes, HWPTs and vIOMMUs are found by asking, up to a little beyond the largest id known here.
   */
  public List<ObjectId> foreignObjects() {
    return ForeignObjects.in(facts());
  }

  /**
   * {@return true if pinned memory counts against each process's RLIMIT_MEMLOCK, and not against
   * the user's as a whole ({@code IOMMU_OPTION_RLIMIT_MODE})}
   */
  public boolean rlimitPerProcess() {
    int id = iommufd_h.IOMMU_OPTION_RLIMIT_MODE();
    return option(id, iommufd_h.IOMMU_OPTION_OP_GET(), GLOBAL, 0, null) != 0;
  }

  /**
   * Counts pinned memory by process, or by user, which is Linux' default ({@code
   * IOMMU_OPTION_RLIMIT_MODE}).
   *
   * @param perProcess false for the user's total
   * @throws KernelException {@code EPERM} without CAP_SYS_RESOURCE; {@code EBUSY} once the iommufd
   *     has an object
   */
  public void rlimitPerProcess(boolean perProcess) {
    int id = iommufd_h.IOMMU_OPTION_RLIMIT_MODE();
    option(id, iommufd_h.IOMMU_OPTION_OP_SET(), GLOBAL, perProcess ? 1 : 0, null);
  }

  long option(int option, int operation, int object, long value, @Nullable ObjectId id) {
    MemorySegment block = RequestBlocks.ofThread().option;
    iommu_option.size(block, (int) block.byteSize());
    iommu_option.option_id(block, option);
    iommu_option.op(block, (short) operation);
    iommu_option.object_id(block, object);
    iommu_option.val64(block, value);
    file.ioctl(Request.IOMMU_OPTION, block, id);
    return iommu_option.val64(block);
  }

  /**
   * Destroys an object by its id ({@code IOMMU_DESTROY}). A handle of the same object does not
   * learn of it.
   *
   * @param id of an object of any kind
   * @throws KernelException {@code ENOENT} when there is none; {@code EBUSY} while something refers
   *     to it
   */
  public void destroy(ObjectId id) {
    owned.destroy(id);
  }

  private DeviceId local(BoundDevice device) {
    DeviceId id = device.id();
    if (!device.iommufd().map(home -> home.file().sameAs(file)).orElse(false)) {
      throw new IllegalArgumentException(device + " is bound to another iommufd");
    }
    return id;
  }

  /**
   * {@return the id of an IOAS or a HWPT of this iommufd}
   *
   * @param table an open handle
   * @throws IllegalArgumentException when it lives in another iommufd, where the same number means
   *     another object
   * @throws IllegalStateException when its handle is closed
   */
  public final PageTableId idOf(PageTable table) {
    KernelFile home =
        switch (table) {
          case IoasRef ioas -> ioas.file();
          case HwptRef hwpt -> hwpt.file();
        };
    if (!home.sameAs(file)) {
      throw new IllegalArgumentException(table + " lives in another iommufd");
    }
    return table.id();
  }

  /**
   * Takes note that a device was bound. Its own handle calls this.
   *
   * @param device now bound to this iommufd
   */
  public void noteBound(BoundDevice device) {}

  /**
   * Takes note that a device is bound no longer. Its own handle calls this.
   *
   * @param device bound to this iommufd until now
   */
  public void noteUnbound(BoundDevice device) {}

  /**
   * {@return the devices that are bound, as far as this handle keeps account of them; may be empty}
   */
  public List<BoundDevice> boundDevices() {
    return List.of();
  }

  @Override
  public String toString() {
    return "iommufd (fd " + (file.isOpen() ? file.fd() : "closed") + ") of " + kernel().identity();
  }
}
