// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.errors;

import static io.iommufd4j.conformance.errors.Scene.IOVA;
import static io.iommufd4j.conformance.errors.Scene.NOBODY;
import static io.iommufd4j.conformance.errors.Scene.PAGE;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static io.iommufd4j.kernel.Errno.EOVERFLOW;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.selftest.iommu_hwpt_invalidate_selftest;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/** HWPTs: allocation, hardware information, dirty tracking, invalidation. */
final class HwptErrors {

  private static final int NEST_PARENT = iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT();
  private static final int DIRTY_TRACKING = iommufd_h.IOMMU_HWPT_ALLOC_DIRTY_TRACKING();
  private static final int FAULT = iommufd_h.IOMMU_HWPT_FAULT_ID_VALID();

  private HwptErrors() {}

  static List<ErrorPath> paths() {
    return Stream.of(paging(), nested(), hardware(), dirty(), invalidate())
        .flatMap(List::stream)
        .toList();
  }

  private static ErrorPath alloc(
      Errno errno, String when, BiConsumer<Scene, RequestBlock> filling) {
    return new ErrorPath(Request.IOMMU_HWPT_ALLOC, errno, when, filling);
  }

  /** On an IOAS with a mock device. */
  private static BiConsumer<Scene, RequestBlock> onIoas(BiConsumer<Scene, RequestBlock> wrong) {
    return (scene, block) -> {
      int ioas = scene.ioas();
      block.set("dev_id", scene.mock(ioas).id()).set("pt_id", ioas);
      wrong.accept(scene, block);
    };
  }

  /** With the mock's data on a HWPT that may be a parent. */
  private static BiConsumer<Scene, RequestBlock> onParent(BiConsumer<Scene, RequestBlock> wrong) {
    return (scene, block) -> {
      int ioas = scene.ioas();
      MockDevice mock = scene.mock(ioas);
      scene.nestedBlock(block, mock, scene.hwpt(mock, ioas, NEST_PARENT));
      wrong.accept(scene, block);
    };
  }

  /** With the mock's data on a vIOMMU. */
  private static BiConsumer<Scene, RequestBlock> onViommu(BiConsumer<Scene, RequestBlock> wrong) {
    return (scene, block) -> {
      Scene.Virtual virtual = scene.virtual();
      scene.nestedBlock(block, virtual.mock(), virtual.viommu());
      wrong.accept(scene, block);
    };
  }

  private static List<ErrorPath> paging() {
    return List.of(
        alloc(
            EOPNOTSUPP,
            "a reserved field is set",
            onIoas((_, block) -> block.set("__reserved", 1))),
        alloc(EINVAL, "data without a type", onIoas((_, block) -> block.set("data_len", 8))),
        alloc(EINVAL, "a type without data", onIoas((_, block) -> block.set("data_type", 1))),
        alloc(ENOENT, "no such device", onIoas((_, block) -> block.set("dev_id", NOBODY))),
        alloc(EINVAL, "no such parent", onIoas((_, block) -> block.set("pt_id", NOBODY))),
        alloc(
            EINVAL,
            "the parent is a device",
            onIoas((_, block) -> block.set("pt_id", block.get("dev_id")))),
        alloc(EOPNOTSUPP, "an unknown flag", onIoas((_, block) -> block.set("flags", 1 << 20))),
        alloc(
            EOPNOTSUPP,
            "faults on a parent",
            onIoas((_, block) -> block.set("flags", NEST_PARENT | FAULT))),
        alloc(
            EOPNOTSUPP,
            "dirty tracking, and the device has none",
            (scene, block) -> {
              int ioas = scene.ioas();
              block
                  .set("dev_id", scene.mockWithoutDirtyTracking(ioas).id())
                  .set("pt_id", ioas)
                  .set("flags", DIRTY_TRACKING);
            }),
        alloc(
            EOPNOTSUPP,
            "a type of data that the driver does not know",
            onIoas((scene, block) ->
                block
                    .set("data_type", 77)
                    .set("data_len", 8)
                    .set("data_uptr", scene.buffer(8).address()))),
        alloc(
            ENOENT,
            "no such fault queue",
            onIoas((_, block) -> block.set("flags", FAULT).set("fault_id", NOBODY))));
  }

  private static List<ErrorPath> nested() {
    return List.of(
        alloc(
            EOPNOTSUPP,
            "nested: a flag for parents",
            onParent((_, block) -> block.set("flags", NEST_PARENT))),
        alloc(
            EOPNOTSUPP,
            "nested: no data",
            onParent((_, block) -> block.set("data_type", 0).set("data_len", 0))),
        alloc(
            EINVAL,
            "nested: the parent is automatic",
            (scene, block) -> {
              MockDevice mock = scene.mock(scene.ioas());
              scene.nestedBlock(block, mock, mock.hwpt());
            }),
        alloc(
            EINVAL,
            "nested: the parent was not made to be one",
            (scene, block) -> {
              int ioas = scene.ioas();
              MockDevice mock = scene.mock(ioas);
              scene.nestedBlock(block, mock, scene.hwpt(mock, ioas, 0));
            }),
        alloc(
            EINVAL,
            "nested: the parent is nested itself",
            (scene, block) -> {
              int ioas = scene.ioas();
              MockDevice mock = scene.mock(ioas);
              int nested = scene.nested(mock, scene.hwpt(mock, ioas, NEST_PARENT));
              scene.nestedBlock(block, mock, nested);
            }),
        alloc(
            EOPNOTSUPP,
            "nested: a type of data that the driver does not know",
            onParent((_, block) -> block.set("data_type", 77))),
        alloc(EINVAL, "nested: too little data", onParent((_, block) -> block.set("data_len", 2))),
        alloc(
            EFAULT,
            "nested: the data cannot be read",
            onParent((scene, block) -> block.set("data_uptr", scene.badAddress()))),
        alloc(
            ENOENT,
            "nested: no such fault queue",
            onParent((_, block) -> block.set("flags", FAULT).set("fault_id", NOBODY))),
        alloc(
            EOPNOTSUPP,
            "on a vIOMMU: a flag for parents",
            onViommu((_, block) -> block.set("flags", NEST_PARENT))),
        alloc(
            EOPNOTSUPP,
            "on a vIOMMU: no data",
            onViommu((_, block) -> block.set("data_type", 0).set("data_len", 0))),
        alloc(
            EINVAL,
            "on a vIOMMU: a device behind another IOMMU",
            onViommu((scene, block) -> block.set("dev_id", scene.vfioDevice().id()))));
  }

  private static List<ErrorPath> hardware() {
    return List.of(
        info(EOPNOTSUPP, "an unknown flag", (_, block) -> block.set("flags", 2)),
        info(EOPNOTSUPP, "a reserved field is set", (_, block) -> block.set("__reserved", 1)),
        info(ENOENT, "no such device", (_, block) -> block.set("dev_id", NOBODY)),
        info(
            EOPNOTSUPP,
            "a type that this hardware is not",
            (_, block) ->
                block
                    .set("flags", iommufd_h.IOMMU_HW_INFO_FLAG_INPUT_TYPE())
                    .set("in_data_type", 77)),
        info(
            EFAULT,
            "the data cannot be written",
            (scene, block) -> block.set("data_len", 8).set("data_uptr", scene.badAddress())));
  }

  private static ErrorPath info(Errno errno, String when, BiConsumer<Scene, RequestBlock> wrong) {
    return new ErrorPath(
        Request.IOMMU_GET_HW_INFO,
        errno,
        when,
        (scene, block) -> {
          block.set("dev_id", scene.mock(scene.ioas()).id());
          wrong.accept(scene, block);
        });
  }

  private static List<ErrorPath> dirty() {
    return List.of(
        new ErrorPath(
            Request.IOMMU_HWPT_SET_DIRTY_TRACKING,
            EOPNOTSUPP,
            "an unknown flag",
            (_, block) -> block.set("flags", 2)),
        new ErrorPath(
            Request.IOMMU_HWPT_SET_DIRTY_TRACKING,
            ENOENT,
            "no such HWPT",
            (_, block) -> block.set("hwpt_id", NOBODY)),
        new ErrorPath(
            Request.IOMMU_HWPT_SET_DIRTY_TRACKING,
            ENOENT,
            "the id of an IOAS",
            (scene, block) -> block.set("hwpt_id", scene.ioas())),
        new ErrorPath(
            Request.IOMMU_HWPT_SET_DIRTY_TRACKING,
            EOPNOTSUPP,
            "a HWPT made without dirty tracking",
            (scene, block) ->
                block.set("flags", 1).set("hwpt_id", scene.mock(scene.ioas()).hwpt())),
        bitmap(EOPNOTSUPP, "an unknown flag", (_, block) -> block.set("flags", 2)),
        bitmap(EOPNOTSUPP, "a reserved field is set", (_, block) -> block.set("__reserved", 1)),
        bitmap(ENOENT, "no such HWPT", (_, block) -> block.set("hwpt_id", NOBODY)),
        bitmap(EINVAL, "no bytes", (_, block) -> block.set("length", 0)),
        bitmap(EOVERFLOW, "past the end of IOVAs", (_, block) -> block.set("iova", -PAGE / 2)),
        bitmap(EINVAL, "an IOVA inside a page", (_, block) -> block.set("iova", IOVA + 1)),
        bitmap(EINVAL, "a page size of 0", (_, block) -> block.set("page_size", 0)),
        bitmap(
            EINVAL,
            "bytes that are no whole pages of that size",
            (_, block) -> block.set("page_size", 2 * PAGE)),
        new ErrorPath(
            Request.IOMMU_HWPT_GET_DIRTY_BITMAP,
            EOPNOTSUPP,
            "a HWPT made without dirty tracking",
            (scene, block) -> {
              int ioas = scene.mapped(PAGE);
              block
                  .set("hwpt_id", scene.mock(ioas).hwpt())
                  .set("iova", IOVA)
                  .set("length", PAGE)
                  .set("page_size", PAGE)
                  .set("data", scene.buffer(8).address());
            }));
  }

  private static ErrorPath bitmap(Errno errno, String when, BiConsumer<Scene, RequestBlock> wrong) {
    return new ErrorPath(
        Request.IOMMU_HWPT_GET_DIRTY_BITMAP,
        errno,
        when,
        (scene, block) -> {
          int ioas = scene.mapped(PAGE);
          MockDevice mock = scene.mock(ioas);
          block
              .set("hwpt_id", scene.hwpt(mock, ioas, DIRTY_TRACKING))
              .set("iova", IOVA)
              .set("length", PAGE)
              .set("page_size", PAGE)
              .set("data", scene.buffer(8).address());
          wrong.accept(scene, block);
        });
  }

  private static List<ErrorPath> invalidate() {
    return List.of(
        invalidation(
            EOPNOTSUPP, "a reserved field is set", (_, block) -> block.set("__reserved", 1)),
        invalidation(EINVAL, "entries nowhere", (_, block) -> block.set("data_uptr", 0)),
        invalidation(EINVAL, "entries of no bytes", (_, block) -> block.set("entry_len", 0)),
        invalidation(
            EINVAL, "entries larger than a page", (_, block) -> block.set("entry_len", PAGE + 1)),
        invalidation(
            EINVAL,
            "more than 524288 entries",
            (_, block) -> block.set("entry_num", (1 << 19) + 1)),
        invalidation(ENOENT, "no such HWPT", (_, block) -> block.set("hwpt_id", NOBODY)),
        invalidation(
            EINVAL, "the id of an IOAS", (scene, block) -> block.set("hwpt_id", scene.ioas())),
        invalidation(
            EINVAL,
            "the id of a HWPT that is not nested",
            (scene, block) -> block.set("hwpt_id", scene.mock(scene.ioas()).hwpt())),
        invalidation(
            EINVAL,
            "a type of entries that the driver does not know",
            (_, block) ->
                block.set("data_type", selftest_h.IOMMU_HWPT_INVALIDATE_DATA_SELFTEST_INVALID())),
        invalidation(EINVAL, "entries too short", (_, block) -> block.set("entry_len", 4)),
        invalidation(
            EFAULT,
            "the entries cannot be read",
            (scene, block) -> block.set("data_uptr", scene.badAddress())),
        invalidation(
            EOPNOTSUPP,
            "an entry with an unknown flag",
            (scene, block) -> block.set("data_uptr", entry(scene, 2, 0))),
        invalidation(
            EINVAL,
            "an entry for what the cache has not",
            (scene, block) ->
                block.set(
                    "data_uptr",
                    entry(scene, 0, selftest_h.MOCK_NESTED_DOMAIN_IOTLB_ID_MAX() + 1))));
  }

  private static ErrorPath invalidation(
      Errno errno, String when, BiConsumer<Scene, RequestBlock> wrong) {
    return new ErrorPath(
        Request.IOMMU_HWPT_INVALIDATE,
        errno,
        when,
        (scene, block) -> {
          int ioas = scene.ioas();
          MockDevice mock = scene.mock(ioas);
          block
              .set("hwpt_id", scene.nested(mock, scene.hwpt(mock, ioas, NEST_PARENT)))
              .set("data_type", selftest_h.IOMMU_HWPT_INVALIDATE_DATA_SELFTEST())
              .set("entry_len", iommu_hwpt_invalidate_selftest.sizeof())
              .set("entry_num", 1)
              .set("data_uptr", entry(scene, 0, 0));
          wrong.accept(scene, block);
        });
  }

  private static long entry(Scene scene, int flags, int iotlb) {
    MemorySegment entry = scene.buffer(iommu_hwpt_invalidate_selftest.sizeof());
    iommu_hwpt_invalidate_selftest.flags(entry, flags);
    iommu_hwpt_invalidate_selftest.iotlb_id(entry, iotlb);
    return entry.address();
  }
}
