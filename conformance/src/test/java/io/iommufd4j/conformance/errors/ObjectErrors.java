// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.errors;

import static io.iommufd4j.conformance.errors.Scene.IOVA;
import static io.iommufd4j.conformance.errors.Scene.NOBODY;
import static io.iommufd4j.conformance.errors.Scene.PAGE;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EEXIST;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.EIO;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static io.iommufd4j.kernel.Errno.EOVERFLOW;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.errors.Scene.Virtual;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/** Queues, virtual IOMMUs and the objects on them, and destroying objects. */
final class ObjectErrors {

  private static final int NEST_PARENT = iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT();

  private static final int EVENTS = selftest_h.IOMMU_VEVENTQ_TYPE_SELFTEST();

  private ObjectErrors() {}

  static List<ErrorPath> paths() {
    return Stream.of(destroy(), viommu(), vdevice(), queues(), hwQueue())
        .flatMap(List::stream)
        .toList();
  }

  private static ErrorPath busy(String when, ToIntFunction<Scene> busy) {
    return new ErrorPath(
        Request.IOMMU_DESTROY,
        EBUSY,
        when,
        (scene, block) -> block.set("id", busy.applyAsInt(scene)));
  }

  private static List<ErrorPath> destroy() {
    return List.of(
        new ErrorPath(
            Request.IOMMU_DESTROY, ENOENT, "no such object", (_, block) -> block.set("id", NOBODY)),
        new ErrorPath(Request.IOMMU_DESTROY, ENOENT, "id 0", (_, _) -> {}),
        busy(
            "an IOAS with a HWPT",
            scene -> {
              int ioas = scene.ioas();
              scene.mock(ioas);
              return ioas;
            }),
        busy("a device that VFIO has bound", scene -> scene.vfioDevice().id()),
        busy("a HWPT with a device", scene -> scene.mock(scene.ioas()).hwpt()),
        busy(
            "a HWPT that is a parent",
            scene -> {
              int ioas = scene.ioas();
              MockDevice mock = scene.mock(ioas);
              int parent = scene.hwpt(mock, ioas, NEST_PARENT);
              scene.nested(mock, parent);
              return parent;
            }),
        busy("a HWPT with a vIOMMU", scene -> scene.virtual().parent()),
        busy(
            "a vIOMMU with a vDEVICE",
            scene -> {
              Virtual virtual = scene.virtual();
              scene.vdevice(virtual, virtual.mock(), 1);
              return virtual.viommu();
            }),
        busy(
            "a fault queue whose descriptor is open",
            scene -> scene.keep(scene.objects().faultQueue())));
  }

  private static ErrorPath viommu(Errno errno, String when, BiConsumer<Scene, RequestBlock> wrong) {
    return new ErrorPath(
        Request.IOMMU_VIOMMU_ALLOC,
        errno,
        when,
        (scene, block) -> {
          int ioas = scene.ioas();
          MockDevice mock = scene.mock(ioas);
          block
              .set("type", selftest_h.IOMMU_VIOMMU_TYPE_SELFTEST())
              .set("dev_id", mock.id())
              .set("hwpt_id", scene.hwpt(mock, ioas, NEST_PARENT));
          wrong.accept(scene, block);
        });
  }

  private static List<ErrorPath> viommu() {
    return List.of(
        viommu(EOPNOTSUPP, "a flag", (_, block) -> block.set("flags", 1)),
        viommu(
            EOPNOTSUPP,
            "the default type",
            (_, block) -> block.set("type", iommufd_h.IOMMU_VIOMMU_TYPE_DEFAULT())),
        viommu(
            EOPNOTSUPP,
            "a type that the driver does not know",
            (_, block) -> block.set("type", 77)),
        viommu(ENOENT, "no such device", (_, block) -> block.set("dev_id", NOBODY)),
        viommu(ENOENT, "no such HWPT", (_, block) -> block.set("hwpt_id", NOBODY)),
        viommu(
            EINVAL,
            "a HWPT that was not made to be a parent",
            (scene, block) -> block.set("hwpt_id", scene.mock(scene.ioas()).hwpt())),
        viommu(EINVAL, "too little data", (_, block) -> block.set("data_len", 2)),
        viommu(
            EFAULT,
            "the data cannot be read",
            (scene, block) -> block.set("data_len", 24).set("data_uptr", scene.badAddress())));
  }

  private static ErrorPath vdevice(Errno errno, String when, VirtualFilling wrong) {
    return new ErrorPath(
        Request.IOMMU_VDEVICE_ALLOC,
        errno,
        when,
        (scene, block) -> {
          Virtual virtual = scene.virtual();
          block
              .set("viommu_id", virtual.viommu())
              .set("dev_id", virtual.mock().id())
              .set("virt_id", 7);
          wrong.fill(scene, virtual, block);
        });
  }

  /** Puts a mistake into a block that is right so far. */
  @FunctionalInterface
  private interface VirtualFilling {
    void fill(Scene scene, Virtual virtual, RequestBlock block);
  }

  private static List<ErrorPath> vdevice() {
    return List.of(
        vdevice(ENOENT, "no such vIOMMU", (_, _, block) -> block.set("viommu_id", NOBODY)),
        vdevice(ENOENT, "no such device", (_, _, block) -> block.set("dev_id", NOBODY)),
        vdevice(
            EINVAL,
            "a device behind another IOMMU",
            (scene, _, block) -> block.set("dev_id", scene.vfioDevice().id())),
        vdevice(
            EEXIST,
            "the device has one",
            (scene, virtual, _) -> scene.vdevice(virtual, virtual.mock(), 8)),
        vdevice(
            EEXIST,
            "another device has that id",
            (scene, virtual, _) -> scene.vdevice(virtual, scene.mock(virtual.ioas()), 7)));
  }

  private static ErrorPath eventQueue(Errno errno, String when, VirtualFilling wrong) {
    return new ErrorPath(
        Request.IOMMU_VEVENTQ_ALLOC,
        errno,
        when,
        (scene, block) -> {
          Virtual virtual = scene.virtual();
          block.set("viommu_id", virtual.viommu()).set("type", EVENTS).set("veventq_depth", 2);
          wrong.fill(scene, virtual, block);
        });
  }

  private static List<ErrorPath> queues() {
    return List.of(
        new ErrorPath(
            Request.IOMMU_FAULT_QUEUE_ALLOC,
            EOPNOTSUPP,
            "a flag",
            (_, block) -> block.set("flags", 1)),
        eventQueue(EOPNOTSUPP, "a flag", (_, _, block) -> block.set("flags", 1)),
        eventQueue(
            EOPNOTSUPP, "a reserved field is set", (_, _, block) -> block.set("__reserved", 1)),
        eventQueue(
            EOPNOTSUPP,
            "the default type",
            (_, _, block) -> block.set("type", iommufd_h.IOMMU_VEVENTQ_TYPE_DEFAULT())),
        eventQueue(EINVAL, "a depth of 0", (_, _, block) -> block.set("veventq_depth", 0)),
        eventQueue(
            EINVAL,
            "deeper than 524288",
            (_, _, block) -> block.set("veventq_depth", (1 << 19) + 1)),
        eventQueue(ENOENT, "no such vIOMMU", (_, _, block) -> block.set("viommu_id", NOBODY)),
        eventQueue(
            EEXIST,
            "the vIOMMU has one of this type",
            (scene, virtual, _) ->
                scene.keep(scene.objects().eventQueue(virtual.viommu(), EVENTS, 2))));
  }

  private static ErrorPath hwQueue(Errno errno, String when, VirtualFilling wrong) {
    return new ErrorPath(
        Request.IOMMU_HW_QUEUE_ALLOC,
        errno,
        when,
        (scene, block) -> {
          Virtual virtual = scene.virtual();
          scene.map(virtual.ioas(), IOVA, PAGE);
          block
              .set("viommu_id", virtual.viommu())
              .set("type", selftest_h.IOMMU_HW_QUEUE_TYPE_SELFTEST())
              .set("nesting_parent_iova", IOVA)
              .set("length", PAGE);
          wrong.fill(scene, virtual, block);
        });
  }

  private static List<ErrorPath> hwQueue() {
    return List.of(
        hwQueue(EOPNOTSUPP, "a flag", (_, _, block) -> block.set("flags", 1)),
        hwQueue(
            EOPNOTSUPP,
            "the default type",
            (_, _, block) -> block.set("type", iommufd_h.IOMMU_HW_QUEUE_TYPE_DEFAULT())),
        hwQueue(
            EOPNOTSUPP,
            "a type that the driver does not know",
            (_, _, block) -> block.set("type", 77)),
        hwQueue(EINVAL, "no bytes", (_, _, block) -> block.set("length", 0)),
        hwQueue(
            EOVERFLOW,
            "past the end of IOVAs",
            (_, _, block) -> block.set("nesting_parent_iova", -PAGE / 2)),
        hwQueue(ENOENT, "no such vIOMMU", (_, _, block) -> block.set("viommu_id", NOBODY)),
        hwQueue(
            ENOENT,
            "no memory is mapped there",
            (_, _, block) -> block.set("nesting_parent_iova", IOVA + PAGE)),
        hwQueue(EINVAL, "an index that is too large", (_, _, block) -> block.set("index", 99)),
        hwQueue(EIO, "the index before it is free", (_, _, block) -> block.set("index", 1)),
        hwQueue(EEXIST, "the index is taken", (scene, virtual, _) -> scene.hardwareQueue(virtual)));
  }
}
