// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.record;

import io.iommufd4j.kernel.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The parts of a request's block that mean something to one kernel and one process alone: ids,
 * descriptors and addresses. Kernel source: the UAPI's {@code linux/iommufd.h} and {@code
 * linux/vfio.h}.
 */
public final class RequestParts {

  /** The most bytes behind a pointer that are looked at. */
  private static final long MOST = 1L << 20;

  private static final int UUID_BYTES = 16;
  private static final int PAIR_BYTES = 16;

  /** {@code VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP}. */
  private static final int UNMAP_WITH_BITMAP = 1;

  /** {@code VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP}. */
  private static final int PAGES_WITH_BITMAP = 4;

  /** {@code VFIO_DEVICE_FEATURE_MASK}. */
  private static final int FEATURE_MASK = 0xffff;

  private static final int FEATURE_GET = 1 << 16;
  private static final int FEATURE_SET = 1 << 17;
  private static final int FEATURE_PROBE = 1 << 18;
  private static final int LOGGING_START = 6;
  private static final int LOGGING_REPORT = 8;
  private static final int FEATURE_DMA_BUF = 11;

  /** {@code VFIO_IRQ_SET_DATA_EVENTFD}. */
  private static final int DATA_EVENTFD = 4;

  private static final Set<String> IDS =
      Set.of(
          "ioas_id",
          "dst_ioas_id",
          "src_ioas_id",
          "pt_id",
          "hwpt_id",
          "dev_id",
          "viommu_id",
          "fault_id",
          "object_id");

  private static final Map<String, RecordedKind> NEW_FILES =
      Map.of("out_fault_fd", RecordedKind.FAULT_QUEUE, "out_veventq_fd", RecordedKind.EVENT_QUEUE);

  private RequestParts() {}

  /** The use that a kernel makes of memory that a block points to. */
  public enum Use {
    /** It reads. */
    READ,
    /** It writes. */
    WRITTEN,
    /** It reads and writes. */
    UPDATED,
    /** It pins the pages, whatever they hold. */
    PINNED;

    /** {@return whether what is there before the request counts} */
    public boolean before() {
      return this == READ || this == UPDATED;
    }

    /** {@return whether the request may change it} */
    public boolean after() {
      return this == WRITTEN || this == UPDATED;
    }
  }

  /**
   * Memory that a block points to.
   *
   * @param at where in the block the address is
   * @param address of its first byte
   * @param bytes how many; at most 1 MiB but for pinned memory
   * @param use what the kernel does with it
   */
  public record Pointer(BlockField at, long address, long bytes, Use use) {}

  /**
   * {@return whether a field holds the id of an object that the request is about}
   *
   * @param request what the block is of
   * @param field of the block
   */
  public static boolean isId(Request request, BlockField field) {
    return IDS.contains(field.name())
        || (field.name().equals("id") && request == Request.IOMMU_DESTROY);
  }

  /**
   * {@return whether a field holds the id of an object that the request makes}
   *
   * @param field of the block
   */
  public static boolean isNewId(BlockField field) {
    return field.name().startsWith("out_") && field.name().endsWith("id");
  }

  /**
   * {@return whether a field tells where memory lies in a machine}
   *
   * @param field of the block
   */
  public static boolean isPlace(BlockField field) {
    return field.name().equals("out_phys");
  }

  /**
   * {@return the kind of file whose descriptor the request puts into a field}
   *
   * @param field of the block
   */
  public static Optional<RecordedKind> newFile(BlockField field) {
    return Optional.ofNullable(NEW_FILES.get(field.name()));
  }

  /**
   * {@return the kind of file whose descriptor is the request's result}
   *
   * @param request what the block is of
   * @param block as the kernel gets it
   */
  public static Optional<RecordedKind> newFile(Request request, byte[] block) {
    if (request == Request.VFIO_GROUP_GET_DEVICE_FD) {
      return Optional.of(RecordedKind.VFIO_DEVICE);
    }
    if (request != Request.VFIO_DEVICE_FEATURE) {
      return Optional.empty();
    }
    long flags = value(request, block, "flags");
    boolean dmaBuf =
        (flags & FEATURE_MASK) == FEATURE_DMA_BUF
            && (flags & FEATURE_GET) != 0
            && (flags & FEATURE_PROBE) == 0;
    return dmaBuf ? Optional.of(RecordedKind.DMA_BUF) : Optional.empty();
  }

  /**
   * {@return the fields of a block that hold descriptors of the program}
   *
   * @param request what the block is of
   * @param block as the kernel gets it
   */
  public static List<BlockField> descriptors(Request request, byte[] block) {
    var fields = new ArrayList<BlockField>();
    for (BlockField field : BlockField.of(request)) {
      if (field.name().equals("iommufd")
          || (field.name().equals("fd") && request != Request.VFIO_DEVICE_QUERY_GFX_PLANE)) {
        fields.add(field);
      }
    }
    int first = (int) request.structBytes();
    long count = 0;
    if (request == Request.VFIO_DEVICE_SET_IRQS
        && (value(request, block, "flags") & DATA_EVENTFD) != 0) {
      count = value(request, block, "count");
    } else if (request == Request.VFIO_DEVICE_PCI_HOT_RESET) {
      count = value(request, block, "count");
    }
    for (int at = first; count > 0 && at + Integer.BYTES <= block.length; at += Integer.BYTES) {
      fields.add(new BlockField("fd[" + (at - first) / Integer.BYTES + "]", at, Integer.BYTES));
      count--;
    }
    return fields;
  }

  /**
   * {@return the memory that a block points to; null pointers left out}
   *
   * @param request what the block is of
   * @param block as the kernel gets it
   */
  public static List<Pointer> pointers(Request request, byte[] block) {
    var pointers = new ArrayList<Pointer>();
    switch (request) {
      case IOMMU_IOAS_ALLOW_IOVAS -> pairs(request, block, Use.READ, pointers);
      case IOMMU_IOAS_IOVA_RANGES -> pairs(request, block, Use.WRITTEN, pointers);
      case IOMMU_IOAS_MAP -> named(request, block, "user_va", "length", Use.PINNED, pointers);
      case VFIO_IOMMU_MAP_DMA -> named(request, block, "vaddr", "size", Use.PINNED, pointers);
      case IOMMU_HWPT_ALLOC -> named(request, block, "data_uptr", "data_len", Use.READ, pointers);
      case IOMMU_GET_HW_INFO ->
          named(request, block, "data_uptr", "data_len", Use.WRITTEN, pointers);
      case IOMMU_VIOMMU_ALLOC ->
          named(request, block, "data_uptr", "data_len", Use.UPDATED, pointers);
      case IOMMU_HWPT_GET_DIRTY_BITMAP -> {
        long pages = pages(value(request, block, "length"), value(request, block, "page_size"));
        add(field(request, "data"), block, bitmapBytes(pages), Use.UPDATED, pointers);
      }
      case IOMMU_HWPT_INVALIDATE -> {
        long bytes = value(request, block, "entry_len") * value(request, block, "entry_num");
        add(field(request, "data_uptr"), block, bytes, Use.READ, pointers);
      }
      case VFIO_DEVICE_BIND_IOMMUFD ->
          add(field(request, "token_uuid_ptr"), block, UUID_BYTES, Use.READ, pointers);
      case VFIO_IOMMU_UNMAP_DMA -> {
        if ((value(request, block, "flags") & UNMAP_WITH_BITMAP) != 0) {
          bitmap(block, (int) request.structBytes(), pointers);
        }
      }
      case VFIO_IOMMU_DIRTY_PAGES -> {
        if ((value(request, block, "flags") & PAGES_WITH_BITMAP) != 0) {
          bitmap(block, (int) request.structBytes() + 2 * Long.BYTES, pointers);
        }
      }
      case VFIO_DEVICE_FEATURE -> feature(request, block, pointers);
      default -> {}
    }
    return pointers;
  }

  /** {@code struct vfio_bitmap}: page size, bytes, address. */
  private static void bitmap(byte[] block, int at, List<Pointer> pointers) {
    long bytes = new BlockField("bitmap.size", at + Long.BYTES, Long.BYTES).get(block);
    var address = new BlockField("bitmap.data", at + 2 * Long.BYTES, Long.BYTES);
    add(address, block, bytes, Use.UPDATED, pointers);
  }

  private static void feature(Request request, byte[] block, List<Pointer> pointers) {
    long flags = value(request, block, "flags");
    int data = (int) request.structBytes();
    int feature = (int) flags & FEATURE_MASK;
    if ((flags & FEATURE_SET) != 0 && feature == LOGGING_START) {
      long count = new BlockField("num_ranges", data + Long.BYTES, Integer.BYTES).get(block);
      var ranges = new BlockField("ranges", data + 2 * Long.BYTES, Long.BYTES);
      add(ranges, block, count * PAIR_BYTES, Use.READ, pointers);
    } else if ((flags & FEATURE_GET) != 0 && feature == LOGGING_REPORT) {
      long length = new BlockField("length", data + Long.BYTES, Long.BYTES).get(block);
      long page = new BlockField("page_size", data + 2 * Long.BYTES, Long.BYTES).get(block);
      var bitmap = new BlockField("bitmap", data + 3 * Long.BYTES, Long.BYTES);
      add(bitmap, block, bitmapBytes(pages(length, page)), Use.UPDATED, pointers);
    }
  }

  private static long pages(long length, long pageSize) {
    return pageSize == 0 ? 0 : Long.divideUnsigned(length, pageSize);
  }

  private static long bitmapBytes(long pages) {
    return (pages + Long.SIZE - 1) / Long.SIZE * Long.BYTES;
  }

  private static void pairs(Request request, byte[] block, Use use, List<Pointer> pointers) {
    long bytes = value(request, block, "num_iovas") * PAIR_BYTES;
    add(field(request, "allowed_iovas"), block, bytes, use, pointers);
  }

  private static void named(
      Request request, byte[] block, String address, String bytes, Use use, List<Pointer> to) {
    add(field(request, address), block, value(request, block, bytes), use, to);
  }

  private static void add(
      BlockField at, byte[] block, long bytes, Use use, List<Pointer> pointers) {
    long address = at.get(block);
    if (address != 0) {
      boolean bounded = use == Use.PINNED || (bytes >= 0 && bytes < MOST);
      pointers.add(new Pointer(at, address, bounded ? bytes : MOST, use));
    }
  }

  private static BlockField field(Request request, String name) {
    for (BlockField field : BlockField.of(request)) {
      if (field.name().equals(name)) {
        return field;
      }
    }
    throw new IllegalArgumentException(request + " has no field " + name);
  }

  /**
   * {@return a number of a block, by the name of its field}
   *
   * @param request what the block is of
   * @param block as the kernel gets it
   * @param name of the field
   */
  public static long value(Request request, byte[] block, String name) {
    return field(request, name).get(block);
  }
}
