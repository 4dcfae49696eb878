package io.iommufd4j;

import io.iommufd4j.bindings.iommufd.iommu_destroy;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_alloc;
import io.iommufd4j.bindings.iommufd.iommu_ioas_alloc;
import io.iommufd4j.bindings.iommufd.iommu_option;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.PciDevice;
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
  private final KnownObjects known = new KnownObjects();

  IommufdRef(KernelFile file) {
    this.file = file;
  }

  /**
   * Uses a descriptor of {@code /dev/iommu} and leaves it to its owner to close.
   *
   * @param fd an open iommufd of this kernel; whether it is one shows at the first request
   */
  public static IommufdRef of(Kernel kernel, int fd) {
    return new IommufdRef(new KernelFile(kernel, fd));
  }

  /** The kernel that answers. */
  public Kernel kernel() {
    return file.kernel();
  }

  /**
   * The descriptor, to be handed on; it stays this object's.
   *
   * @throws IllegalStateException when closed
   */
  public int fd() {
    return file.fd();
  }

  KernelFile file() {
    return file;
  }

  /** How objects were made through this handle. */
  final KnownObjects known() {
    return known;
  }

  /**
   * Makes an empty I/O address space ({@code IOMMU_IOAS_ALLOC}).
   *
   * @throws KernelException {@code ENOMEM}
   */
  public Ioas newIoas() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = iommu_ioas_alloc.allocate(arena);
      iommu_ioas_alloc.size(block, (int) block.byteSize());
      file.ioctl(Request.IOMMU_IOAS_ALLOC, block, null);
      var ioas = new Ioas(this, new IoasId(iommu_ioas_alloc.out_ioas_id(block)));
      made(ioas);
      return ioas;
    }
  }

  /** An IOAS that somebody else owns. Whether it exists shows at the first request. */
  public IoasRef ioas(IoasId id) {
    return new IoasRef(this, id);
  }

  /**
   * Allocates a hardware page table that translates by an IOAS, without flags.
   *
   * @see #newHwpt(DeviceId, PageTableId, Set)
   */
  public Hwpt newHwpt(VfioDeviceRef device, PageTable parent) {
    return newHwpt(device, parent, Set.of());
  }

  /**
   * Allocates a hardware page table.
   *
   * @see #newHwpt(DeviceId, PageTableId, Set)
   */
  public Hwpt newHwpt(VfioDeviceRef device, PageTable parent, Set<HwptFlag> flags) {
    return newHwpt(local(device), local(parent), flags);
  }

  /**
   * Allocates a hardware page table.
   *
   * @see #newHwpt(DeviceId, PageTableId, Set)
   */
  public Hwpt newHwpt(VfioDeviceRef device, PageTableId parent, Set<HwptFlag> flags) {
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
   * @throws KernelException {@code EOPNOTSUPP} when the IOMMU lacks what a flag asks for; {@code
   *     EINVAL} when the parent does not exist or cannot be one; {@code ENOENT} when the device is
   *     not bound here; {@code EADDRINUSE} or {@code EINVAL} when a mapping lies outside the
   *     domain's aperture; {@code ENOMEM} when pages cannot be pinned within RLIMIT_MEMLOCK
   */
  public Hwpt newHwpt(DeviceId device, PageTableId parent, Set<HwptFlag> flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = iommu_hwpt_alloc.allocate(arena);
      iommu_hwpt_alloc.size(block, (int) block.byteSize());
      iommu_hwpt_alloc.flags(block, HwptFlag.bits(flags));
      iommu_hwpt_alloc.dev_id(block, device.value());
      iommu_hwpt_alloc.pt_id(block, parent.value());
      iommu_hwpt_alloc.data_type(block, iommufd_h.IOMMU_HWPT_DATA_NONE());
      int result = file.tryIoctl(Request.IOMMU_HWPT_ALLOC, block);
      if (result < 0) {
        var hint = new HwptHint(this, device, parent, flags);
        throw file.refused(Request.IOMMU_HWPT_ALLOC, result, parent, hint);
      }
      var hwpt = new Hwpt(this, new HwptId(iommu_hwpt_alloc.out_hwpt_id(block)));
      known.made(hwpt.id(), new KnownObjects.HwptOrigin(device, parent, Set.copyOf(flags)));
      made(hwpt);
      return hwpt;
    }
  }

  /** A HWPT that somebody else owns. Whether it exists shows at the first request. */
  public HwptRef hwpt(HwptId id) {
    return new HwptRef(this, id);
  }

  /**
   * What the IOMMU before a device can do.
   *
   * @see #hwInfo(DeviceId)
   */
  public HwInfo hwInfo(VfioDeviceRef device) {
    return hwInfo(local(device));
  }

  /**
   * What the IOMMU before a device can do ({@code IOMMU_GET_HW_INFO}).
   *
   * @throws KernelException {@code ENOENT} when the device is not bound here; {@code EOPNOTSUPP}
   *     for a device without an IOMMU
   */
  public HwInfo hwInfo(DeviceId device) {
    return HwInfo.read(file, device);
  }

  /**
   * Whether pinned memory counts against each process's RLIMIT_MEMLOCK, and not against the user's
   * as a whole ({@code IOMMU_OPTION_RLIMIT_MODE}).
   */
  public boolean rlimitPerProcess() {
    int id = iommufd_h.IOMMU_OPTION_RLIMIT_MODE();
    return option(id, iommufd_h.IOMMU_OPTION_OP_GET(), GLOBAL, 0, null) != 0;
  }

  /**
   * Counts pinned memory by process, or by user as Linux does unless told ({@code
   * IOMMU_OPTION_RLIMIT_MODE}).
   *
   * @throws KernelException {@code EPERM} without CAP_SYS_RESOURCE; {@code EBUSY} once the iommufd
   *     has an object
   */
  public void rlimitPerProcess(boolean perProcess) {
    int id = iommufd_h.IOMMU_OPTION_RLIMIT_MODE();
    option(id, iommufd_h.IOMMU_OPTION_OP_SET(), GLOBAL, perProcess ? 1 : 0, null);
  }

  long option(int option, int operation, int object, long value, @Nullable ObjectId id) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = iommu_option.allocate(arena);
      iommu_option.size(block, (int) block.byteSize());
      iommu_option.option_id(block, option);
      iommu_option.op(block, (short) operation);
      iommu_option.object_id(block, object);
      iommu_option.val64(block, value);
      file.ioctl(Request.IOMMU_OPTION, block, id);
      return iommu_option.val64(block);
    }
  }

  /**
   * Destroys an object by its id ({@code IOMMU_DESTROY}). A handle of the same object is not told.
   *
   * @throws KernelException {@code ENOENT} when there is none; {@code EBUSY} while something refers
   *     to it
   */
  public void destroy(ObjectId id) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = iommu_destroy.allocate(arena);
      iommu_destroy.size(block, (int) block.byteSize());
      iommu_destroy.id(block, id.value());
      file.ioctl(Request.IOMMU_DESTROY, block, id);
      known.gone(id.value());
    }
  }

  private DeviceId local(VfioDeviceRef device) {
    DeviceId id = device.id();
    if (!device.iommufd().map(home -> home.file().sameAs(file)).orElse(false)) {
      throw new IllegalArgumentException(device + " is bound to another iommufd");
    }
    return id;
  }

  /** The id of a handle, once it is sure that the id means that object here. */
  final PageTableId local(PageTable table) {
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

  void bound(VfioDeviceRef device) {}

  void unbound(VfioDeviceRef device) {}

  /** The devices that are bound, as far as this handle keeps account of them. */
  List<VfioDeviceRef> boundDevices() {
    return List.of();
  }

  /** The descriptor of a device that is bound, where this handle knows it. */
  final Optional<KernelFile> device(DeviceId id) {
    return boundDevices().stream()
        .filter(device -> device.isBoundAs(id))
        .map(VfioDeviceRef::file)
        .filter(KernelFile::isOpen)
        .findFirst();
  }

  /** The HWPT that a device is attached to, where this handle knows it. */
  final Optional<PageTableId> attachedTo(PciDevice device) {
    return boundDevices().stream()
        .filter(bound -> bound.file().isOpen())
        .filter(bound ->
            DeviceFacts.of(bound.file())
                .filter(facts -> facts.device().address().equals(device.address()))
                .isPresent())
        .flatMap(bound -> bound.attached().stream())
        .findFirst();
  }

  @Override
  public String toString() {
    return "iommufd (fd " + (file.isOpen() ? file.fd() : "closed") + ") of " + kernel().identity();
  }
}
