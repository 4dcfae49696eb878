// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.bindings.iommufd.iommu_option;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.hint.HwptHint;
import io.iommufd4j.hint.IommufdFacts;
import io.iommufd4j.hint.KnownObjects;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.uapi.ObjectId;
import io.iommufd4j.uapi.PageTableId;
import io.iommufd4j.wire.IommufdCalls;
import io.iommufd4j.wire.KernelFile;
import io.iommufd4j.wire.RequestBlocks;
import java.lang.foreign.MemorySegment;
import java.util.List;
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
  private final IommufdFacts facts;

  IommufdRef(KernelFile file) {
    this.file = file;
    this.facts = new IommufdFacts(file, new KnownObjects());
  }

  /**
   * Uses a descriptor of {@code /dev/iommu} and leaves it to its owner to close.
   *
   * @param kernel the kernel that the descriptor belongs to
   * @param fd an open iommufd of this kernel; whether it is one shows at the first request
   * @return the iommufd with the objects it has already
   */
  public static IommufdRef of(Kernel kernel, int fd) {
    return new IommufdRef(new KernelFile(kernel, fd));
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

  /** {@return the facts that hints draw on; of use to this project's own packages alone} */
  public final IommufdFacts facts() {
    return facts;
  }

  /**
   * Makes an empty I/O address space ({@code IOMMU_IOAS_ALLOC}).
   *
   * @return an IOAS without mappings, the caller's to close
   * @throws KernelException {@code ENOMEM}
   */
  public Ioas newIoas() {
    var ioas = new Ioas(this, new IoasId(IommufdCalls.newIoas(file)));
    made(ioas);
    return ioas;
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
    int result = IommufdCalls.newHwpt(file, device, parent, HwptFlag.bits(flags));
    if (result < 0) {
      var hint = new HwptHint(facts, device, parent, flags);
      throw file.refused(Request.IOMMU_HWPT_ALLOC, result, parent, hint);
    }
    var hwpt = new Hwpt(this, new HwptId(result));
    facts.known().made(hwpt.id(), new KnownObjects.HwptOrigin(device, parent, Set.copyOf(flags)));
    made(hwpt);
    return hwpt;
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
    return HwInfo.read(file, device);
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
    int result = IommufdCalls.destroy(file, id.value());
    if (result < 0) {
      throw file.refused(Request.IOMMU_DESTROY, result, id);
    }
    facts.known().gone(id.value());
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

  // An owned iommufd keeps account of these to close them in order; a borrowed one leaves that to
  // the handles' own owners.

  void made(Ioas ioas) {}

  void gone(Ioas ioas) {}

  void made(Hwpt hwpt) {}

  void gone(Hwpt hwpt) {}

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
