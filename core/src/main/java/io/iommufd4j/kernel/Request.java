// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.vfio.vfio_h;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Every request of {@code linux/iommufd.h} and {@code linux/vfio.h} that is bound: its number, the
 * struct it carries, and how much of that struct the kernel insists on.
 *
 * <p>Numbers are not unique: VFIO gives a container's requests the numbers of a device's, so a
 * request is found by number and by what the descriptor is open on. See {@link #find}.
 */
@SuppressWarnings("ImmutableEnumChecker") // Memory layouts are immutable values.
public enum Request {
  /** Destroys an object by id. */
  IOMMU_DESTROY(iommufd_h.IOMMU_DESTROY(), FileKind.IOMMUFD, "id"),
  /** Makes an empty IOAS. */
  IOMMU_IOAS_ALLOC(iommufd_h.IOMMU_IOAS_ALLOC(), FileKind.IOMMUFD, "out_ioas_id"),
  /** Limits the IOVAs that an IOAS gives out and promises to keep them usable. */
  IOMMU_IOAS_ALLOW_IOVAS(iommufd_h.IOMMU_IOAS_ALLOW_IOVAS(), FileKind.IOMMUFD, "allowed_iovas"),
  /** Maps what another IOAS maps, without pinning it again. */
  IOMMU_IOAS_COPY(iommufd_h.IOMMU_IOAS_COPY(), FileKind.IOMMUFD, "src_iova"),
  /** Lists the IOVAs that an IOAS can map. */
  IOMMU_IOAS_IOVA_RANGES(
      iommufd_h.IOMMU_IOAS_IOVA_RANGES(), FileKind.IOMMUFD, "out_iova_alignment"),
  /** Maps memory of the process into an IOAS. */
  IOMMU_IOAS_MAP(iommufd_h.IOMMU_IOAS_MAP(), FileKind.IOMMUFD, "iova"),
  /** Takes mappings of an IOAS down. */
  IOMMU_IOAS_UNMAP(iommufd_h.IOMMU_IOAS_UNMAP(), FileKind.IOMMUFD, "length"),
  /** Reads or sets an option of the iommufd or of an object. */
  IOMMU_OPTION(iommufd_h.IOMMU_OPTION(), FileKind.IOMMUFD, "val64"),
  /** Reads, sets or clears the IOAS that the VFIO compatibility uses. */
  IOMMU_VFIO_IOAS(iommufd_h.IOMMU_VFIO_IOAS(), FileKind.IOMMUFD, "__reserved"),
  /** Makes a HWPT for a device, from an IOAS or nested in another HWPT. */
  IOMMU_HWPT_ALLOC(iommufd_h.IOMMU_HWPT_ALLOC(), FileKind.IOMMUFD, "__reserved"),
  /** Describes the IOMMU before a device. */
  IOMMU_GET_HW_INFO(iommufd_h.IOMMU_GET_HW_INFO(), FileKind.IOMMUFD, "__reserved"),
  /** Starts or stops dirty tracking of a HWPT. */
  IOMMU_HWPT_SET_DIRTY_TRACKING(
      iommufd_h.IOMMU_HWPT_SET_DIRTY_TRACKING(), FileKind.IOMMUFD, "__reserved"),
  /** Reads the pages that DMA wrote through a HWPT. */
  IOMMU_HWPT_GET_DIRTY_BITMAP(iommufd_h.IOMMU_HWPT_GET_DIRTY_BITMAP(), FileKind.IOMMUFD, "data"),
  /** Invalidates cached entries of a nested HWPT or a vIOMMU. */
  IOMMU_HWPT_INVALIDATE(iommufd_h.IOMMU_HWPT_INVALIDATE(), FileKind.IOMMUFD, "__reserved"),
  /** Makes a queue for the I/O page faults of a HWPT. */
  IOMMU_FAULT_QUEUE_ALLOC(iommufd_h.IOMMU_FAULT_QUEUE_ALLOC(), FileKind.IOMMUFD, "out_fault_fd"),
  /** Maps part of a memfd or a dma-buf into an IOAS. */
  IOMMU_IOAS_MAP_FILE(iommufd_h.IOMMU_IOAS_MAP_FILE(), FileKind.IOMMUFD, "iova"),
  /** Makes a vIOMMU: the part of an IOMMU that a guest gets. */
  IOMMU_VIOMMU_ALLOC(iommufd_h.IOMMU_VIOMMU_ALLOC(), FileKind.IOMMUFD, "out_viommu_id"),
  /** Gives a device its id within a vIOMMU. */
  IOMMU_VDEVICE_ALLOC(iommufd_h.IOMMU_VDEVICE_ALLOC(), FileKind.IOMMUFD, "virt_id"),
  /** Charges the pinned memory of an iommufd to the calling process. */
  IOMMU_IOAS_CHANGE_PROCESS(iommufd_h.IOMMU_IOAS_CHANGE_PROCESS(), FileKind.IOMMUFD, "__reserved"),
  /** Makes a queue for the events of a vIOMMU. */
  IOMMU_VEVENTQ_ALLOC(iommufd_h.IOMMU_VEVENTQ_ALLOC(), FileKind.IOMMUFD, "out_veventq_fd"),
  /** Makes a hardware queue of a vIOMMU over memory of the guest. */
  IOMMU_HW_QUEUE_ALLOC(iommufd_h.IOMMU_HW_QUEUE_ALLOC(), FileKind.IOMMUFD, "length"),
  /** Finds the physical address behind an IOVA for a device without an IOMMU. */
  IOMMU_IOAS_NOIOMMU_GET_PA(iommufd_h.IOMMU_IOAS_NOIOMMU_GET_PA(), FileKind.IOMMUFD, "out_phys"),
  /** Describes a device. */
  VFIO_DEVICE_GET_INFO(vfio_h.VFIO_DEVICE_GET_INFO(), FileKind.VFIO_DEVICE, "num_irqs"),
  /** Describes a region of a device. */
  VFIO_DEVICE_GET_REGION_INFO(vfio_h.VFIO_DEVICE_GET_REGION_INFO(), FileKind.VFIO_DEVICE, "offset"),
  /** Describes a kind of interrupt of a device. */
  VFIO_DEVICE_GET_IRQ_INFO(vfio_h.VFIO_DEVICE_GET_IRQ_INFO(), FileKind.VFIO_DEVICE, "count"),
  /** Connects, masks or raises interrupts of a device. */
  VFIO_DEVICE_SET_IRQS(vfio_h.VFIO_DEVICE_SET_IRQS(), FileKind.VFIO_DEVICE, "count"),
  /** Resets a device. Carries no struct. */
  VFIO_DEVICE_RESET(vfio_h.VFIO_DEVICE_RESET(), FileKind.VFIO_DEVICE),
  /** Lists the devices that a hot reset of the bus affects. */
  VFIO_DEVICE_GET_PCI_HOT_RESET_INFO(
      vfio_h.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO(), FileKind.VFIO_DEVICE, "count"),
  /** Resets the bus that a device sits on. */
  VFIO_DEVICE_PCI_HOT_RESET(vfio_h.VFIO_DEVICE_PCI_HOT_RESET(), FileKind.VFIO_DEVICE, "count"),
  /** Describes the graphics plane of a mediated device. */
  VFIO_DEVICE_QUERY_GFX_PLANE(
      vfio_h.VFIO_DEVICE_QUERY_GFX_PLANE(), FileKind.VFIO_DEVICE, "reserved"),
  /** Exports a graphics plane as a dma-buf. Carries no struct. */
  VFIO_DEVICE_GET_GFX_DMABUF(vfio_h.VFIO_DEVICE_GET_GFX_DMABUF(), FileKind.VFIO_DEVICE),
  /** Lets an eventfd write a value to a region of a device. */
  VFIO_DEVICE_IOEVENTFD(vfio_h.VFIO_DEVICE_IOEVENTFD(), FileKind.VFIO_DEVICE, "fd"),
  /** Probes, reads or sets a feature of a device. */
  VFIO_DEVICE_FEATURE(vfio_h.VFIO_DEVICE_FEATURE(), FileKind.VFIO_DEVICE, "flags"),
  /** Binds a device to an iommufd. */
  VFIO_DEVICE_BIND_IOMMUFD(vfio_h.VFIO_DEVICE_BIND_IOMMUFD(), FileKind.VFIO_DEVICE, "out_devid"),
  /** Attaches a device, or one of its PASIDs, to a page table, or replaces that. */
  VFIO_DEVICE_ATTACH_IOMMUFD_PT(
      vfio_h.VFIO_DEVICE_ATTACH_IOMMUFD_PT(), FileKind.VFIO_DEVICE, "pt_id"),
  /** Detaches a device, or one of its PASIDs. */
  VFIO_DEVICE_DETACH_IOMMUFD_PT(
      vfio_h.VFIO_DEVICE_DETACH_IOMMUFD_PT(), FileKind.VFIO_DEVICE, "flags"),
  /** Reads how much data a migration has left to copy. */
  VFIO_MIG_GET_PRECOPY_INFO(vfio_h.VFIO_MIG_GET_PRECOPY_INFO(), FileKind.UNKNOWN, "dirty_bytes"),
  /** Reads the version of VFIO's API. Carries no struct. */
  VFIO_GET_API_VERSION(vfio_h.VFIO_GET_API_VERSION(), FileKind.VFIO_CONTAINER),
  /** Probes an extension of a container. Carries no struct. */
  VFIO_CHECK_EXTENSION(vfio_h.VFIO_CHECK_EXTENSION(), FileKind.VFIO_CONTAINER),
  /** Chooses the IOMMU type of a container. Carries no struct. */
  VFIO_SET_IOMMU(vfio_h.VFIO_SET_IOMMU(), FileKind.VFIO_CONTAINER),
  /** Reads if a group is viable and has a container. */
  VFIO_GROUP_GET_STATUS(vfio_h.VFIO_GROUP_GET_STATUS(), FileKind.VFIO_GROUP, "flags"),
  /** Puts a group into a container. Carries no struct. */
  VFIO_GROUP_SET_CONTAINER(vfio_h.VFIO_GROUP_SET_CONTAINER(), FileKind.VFIO_GROUP),
  /** Takes a group out of its container. Carries no struct. */
  VFIO_GROUP_UNSET_CONTAINER(vfio_h.VFIO_GROUP_UNSET_CONTAINER(), FileKind.VFIO_GROUP),
  /** Opens a device of a group by name. Carries no struct. */
  VFIO_GROUP_GET_DEVICE_FD(vfio_h.VFIO_GROUP_GET_DEVICE_FD(), FileKind.VFIO_GROUP),
  /** Describes the IOMMU of a container. */
  VFIO_IOMMU_GET_INFO(vfio_h.VFIO_IOMMU_GET_INFO(), FileKind.VFIO_CONTAINER, "iova_pgsizes"),
  /** Maps memory of the process into a container. */
  VFIO_IOMMU_MAP_DMA(vfio_h.VFIO_IOMMU_MAP_DMA(), FileKind.VFIO_CONTAINER, "size"),
  /** Takes mappings of a container down. */
  VFIO_IOMMU_UNMAP_DMA(vfio_h.VFIO_IOMMU_UNMAP_DMA(), FileKind.VFIO_CONTAINER, "size"),
  /** Enables the IOMMU of a container. Carries no struct. */
  VFIO_IOMMU_ENABLE(vfio_h.VFIO_IOMMU_ENABLE(), FileKind.VFIO_CONTAINER),
  /** Disables the IOMMU of a container. Carries no struct. */
  VFIO_IOMMU_DISABLE(vfio_h.VFIO_IOMMU_DISABLE(), FileKind.VFIO_CONTAINER),
  /** Starts, stops or reads dirty tracking of a container. */
  VFIO_IOMMU_DIRTY_PAGES(vfio_h.VFIO_IOMMU_DIRTY_PAGES(), FileKind.VFIO_CONTAINER, "flags");

  /** The part of a number that differs between requests ({@code _IOC_NR}). */
  private static final int ORDINAL = 0xff;

  /** The requests of each {@link #ORDINAL}, one of a kind of file. */
  private static final List<List<Request>> BY_ORDINAL = byOrdinal();

  private static List<List<Request>> byOrdinal() {
    var all = new ArrayList<List<Request>>(Collections.nCopies(ORDINAL + 1, List.of()));
    for (Request request : values()) {
      int ordinal = request.number & ORDINAL;
      var more = new ArrayList<>(all.get(ordinal));
      more.add(request);
      all.set(ordinal, List.copyOf(more));
    }
    return List.copyOf(all);
  }

  private final int number;
  private final FileKind file;
  private final String lastRequiredField;
  private final Optional<Request> found = Optional.of(this);

  /**
   * The struct; null until somebody asks. To make the layouts of all requests takes a good part of
   * a short program's time. Threads that ask at once make equal values.
   */
  private @Nullable Struct made;

  /** A struct, and the bytes of it that the kernel requires. */
  private record Struct(Optional<GroupLayout> layout, long bytes, int minimumBytes) {
    static final Struct NONE = new Struct(Optional.empty(), 0, 0);

    static Struct of(GroupLayout layout, String lastRequiredField) {
      var field = PathElement.groupElement(lastRequiredField);
      long minimum = layout.byteOffset(field) + layout.select(field).byteSize();
      return new Struct(Optional.of(layout), layout.byteSize(), (int) minimum);
    }
  }

  Request(int number, FileKind file) {
    this(number, file, "");
  }

  Request(int number, FileKind file, String lastRequiredField) {
    this.number = number;
    this.file = file;
    this.lastRequiredField = lastRequiredField;
  }

  private Struct struct() {
    Struct now = made;
    if (now == null) {
      GroupLayout layout = RequestStruct.of(this);
      now = layout == null ? Struct.NONE : Struct.of(layout, lastRequiredField);
      made = now;
    }
    return now;
  }

  /** {@return the number that {@code ioctl(2)} takes} */
  public int number() {
    return number;
  }

  /** {@return the kind of file that a descriptor must be open on to answer this} */
  public FileKind file() {
    return file;
  }

  /**
   * {@return the struct that the request reads and writes; empty for a request without argument, or
   * with an argument that is no struct (an integer, a pointer to an integer, a string)}
   */
  public Optional<GroupLayout> layout() {
    return struct().layout;
  }

  /** {@return the size of the whole struct in bytes; 0 where there is none} */
  public long structBytes() {
    return struct().bytes;
  }

  /**
   * {@return the number of bytes of the struct that the kernel requires: a smaller {@code size} or
   * {@code argsz} answers {@code EINVAL}} 0 where there is no struct.
   *
   * <p>Kernel source: the table {@code iommufd_ioctl_ops}, and {@code minsz} of each VFIO handler.
   */
  public int minimumBytes() {
    return struct().minimumBytes;
  }

  /**
   * {@return the release of Linux that brought it; empty for VFIO's older ones, which every kernel
   * with iommufd has}
   */
  public Optional<LinuxRelease> since() {
    return switch (this) {
      case IOMMU_DESTROY,
          IOMMU_IOAS_ALLOC,
          IOMMU_IOAS_ALLOW_IOVAS,
          IOMMU_IOAS_COPY,
          IOMMU_IOAS_IOVA_RANGES,
          IOMMU_IOAS_MAP,
          IOMMU_IOAS_UNMAP,
          IOMMU_OPTION,
          IOMMU_VFIO_IOAS ->
          Optional.of(new LinuxRelease(6, 2));
      case IOMMU_HWPT_ALLOC,
          IOMMU_GET_HW_INFO,
          VFIO_DEVICE_BIND_IOMMUFD,
          VFIO_DEVICE_ATTACH_IOMMUFD_PT,
          VFIO_DEVICE_DETACH_IOMMUFD_PT ->
          Optional.of(new LinuxRelease(6, 6));
      case IOMMU_HWPT_SET_DIRTY_TRACKING, IOMMU_HWPT_GET_DIRTY_BITMAP ->
          Optional.of(new LinuxRelease(6, 7));
      case IOMMU_HWPT_INVALIDATE -> Optional.of(new LinuxRelease(6, 8));
      case IOMMU_FAULT_QUEUE_ALLOC -> Optional.of(new LinuxRelease(6, 11));
      case IOMMU_IOAS_MAP_FILE,
          IOMMU_VIOMMU_ALLOC,
          IOMMU_VDEVICE_ALLOC,
          IOMMU_IOAS_CHANGE_PROCESS ->
          Optional.of(new LinuxRelease(6, 13));
      case IOMMU_VEVENTQ_ALLOC -> Optional.of(new LinuxRelease(6, 15));
      case IOMMU_HW_QUEUE_ALLOC -> Optional.of(new LinuxRelease(6, 17));
      case IOMMU_IOAS_NOIOMMU_GET_PA -> Optional.of(new LinuxRelease(7, 3));
      default -> Optional.empty();
    };
  }

  /**
   * The request of a number.
   *
   * @param number the request number of {@code ioctl(2)}
   * @param file what the descriptor is open on; {@code /dev/iommu} answers a container's requests
   *     as well (its VFIO compatibility), and an {@link FileKind#UNKNOWN} descriptor is taken for
   *     an iommufd or a device before a group or a container
   * @return empty for a number that is not bound, or not for this kind of file
   */
  public static Optional<Request> find(int number, FileKind file) {
    Optional<Request> candidate = Optional.empty();
    for (Request request : BY_ORDINAL.get(number & ORDINAL)) {
      if (request.number != number) {
        continue;
      }
      if (request.file == file) {
        return request.found;
      }
      boolean possible =
          file == FileKind.UNKNOWN
              || request.file == FileKind.UNKNOWN
              || (file == FileKind.IOMMUFD && request.file == FileKind.VFIO_CONTAINER);
      if (candidate.isEmpty() && possible) {
        candidate = request.found;
      }
    }
    return candidate;
  }
}
