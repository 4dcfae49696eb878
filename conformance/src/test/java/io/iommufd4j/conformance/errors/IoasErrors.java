// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.errors;

import static io.iommufd4j.conformance.errors.Scene.IOVA;
import static io.iommufd4j.conformance.errors.Scene.NOBODY;
import static io.iommufd4j.conformance.errors.Scene.PAGE;
import static io.iommufd4j.kernel.Errno.EADDRINUSE;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.EMSGSIZE;
import static io.iommufd4j.kernel.Errno.ENODEV;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** IOAS, its IOVAs and options: everything but its mappings. */
final class IoasErrors {

  private static final int GET = iommufd_h.IOMMU_OPTION_OP_GET();
  private static final int SET = iommufd_h.IOMMU_OPTION_OP_SET();
  private static final int RLIMIT_MODE = iommufd_h.IOMMU_OPTION_RLIMIT_MODE();
  private static final int HUGE_PAGES = iommufd_h.IOMMU_OPTION_HUGE_PAGES();

  private IoasErrors() {}

  static List<ErrorPath> paths() {
    return List.of(
        new ErrorPath(
            Request.IOMMU_IOAS_ALLOC, EOPNOTSUPP, "a flag", (_, block) -> block.set("flags", 1)),
        new ErrorPath(
            Request.IOMMU_IOAS_ALLOW_IOVAS,
            EOPNOTSUPP,
            "a reserved field is set",
            (scene, block) -> block.set("ioas_id", scene.ioas()).set("__reserved", 1)),
        new ErrorPath(
            Request.IOMMU_IOAS_ALLOW_IOVAS,
            ENOENT,
            "no such IOAS",
            (_, block) -> block.set("ioas_id", NOBODY)),
        new ErrorPath(
            Request.IOMMU_IOAS_ALLOW_IOVAS,
            EFAULT,
            "the ranges cannot be read",
            (scene, block) ->
                block
                    .set("ioas_id", scene.ioas())
                    .set("num_iovas", 1)
                    .set("allowed_iovas", scene.badAddress())),
        new ErrorPath(
            Request.IOMMU_IOAS_ALLOW_IOVAS,
            EINVAL,
            "a range that ends where it starts",
            (scene, block) ->
                block
                    .set("ioas_id", scene.ioas())
                    .set("num_iovas", 1)
                    .set("allowed_iovas", ranges(scene, PAGE, PAGE))),
        new ErrorPath(
            Request.IOMMU_IOAS_ALLOW_IOVAS,
            EINVAL,
            "two ranges that overlap",
            (scene, block) ->
                block
                    .set("ioas_id", scene.ioas())
                    .set("num_iovas", 2)
                    .set("allowed_iovas", ranges(scene, 0, PAGE, PAGE, 2 * PAGE))),
        new ErrorPath(
            Request.IOMMU_IOAS_ALLOW_IOVAS,
            EADDRINUSE,
            "a range that a device reserves",
            (scene, block) -> {
              int ioas = scene.ioas();
              scene.mock(ioas);
              block
                  .set("ioas_id", ioas)
                  .set("num_iovas", 1)
                  .set("allowed_iovas", ranges(scene, 0, PAGE));
            }),
        new ErrorPath(
            Request.IOMMU_IOAS_IOVA_RANGES,
            EOPNOTSUPP,
            "a reserved field is set",
            (scene, block) -> block.set("ioas_id", scene.ioas()).set("__reserved", 1)),
        new ErrorPath(
            Request.IOMMU_IOAS_IOVA_RANGES,
            ENOENT,
            "no such IOAS",
            (_, block) -> block.set("ioas_id", NOBODY)),
        new ErrorPath(
            Request.IOMMU_IOAS_IOVA_RANGES,
            EMSGSIZE,
            "more ranges than there is room for",
            (scene, block) -> block.set("ioas_id", scene.ioas())),
        new ErrorPath(
            Request.IOMMU_IOAS_IOVA_RANGES,
            EFAULT,
            "the ranges cannot be written",
            (scene, block) ->
                block
                    .set("ioas_id", scene.ioas())
                    .set("num_iovas", 1)
                    .set("allowed_iovas", scene.badAddress())),
        new ErrorPath(
            Request.IOMMU_IOAS_CHANGE_PROCESS,
            EOPNOTSUPP,
            "a reserved field is set",
            (_, block) -> block.set("__reserved", 1)),
        new ErrorPath(
            Request.IOMMU_IOAS_CHANGE_PROCESS,
            EINVAL,
            "memory is mapped by address",
            (scene, _) -> scene.mapped(PAGE)),
        new ErrorPath(
            Request.IOMMU_OPTION,
            EOPNOTSUPP,
            "a reserved field is set",
            (_, block) -> block.set("option_id", RLIMIT_MODE).set("op", GET).set("__reserved", 1)),
        new ErrorPath(
            Request.IOMMU_OPTION,
            EOPNOTSUPP,
            "an unknown option",
            (_, block) -> block.set("option_id", 99).set("op", GET)),
        new ErrorPath(
            Request.IOMMU_OPTION,
            EOPNOTSUPP,
            "RLIMIT_MODE of an object",
            (scene, block) ->
                block.set("option_id", RLIMIT_MODE).set("op", GET).set("object_id", scene.ioas())),
        new ErrorPath(
            Request.IOMMU_OPTION,
            EOPNOTSUPP,
            "RLIMIT_MODE: an unknown operation",
            (_, block) -> block.set("option_id", RLIMIT_MODE).set("op", 2)),
        new ErrorPath(
            Request.IOMMU_OPTION,
            EINVAL,
            "RLIMIT_MODE: neither 0 nor 1",
            (_, block) -> block.set("option_id", RLIMIT_MODE).set("op", SET).set("val64", 2)),
        new ErrorPath(
            Request.IOMMU_OPTION,
            EBUSY,
            "RLIMIT_MODE: the context has objects",
            (scene, block) -> {
              scene.ioas();
              block.set("option_id", RLIMIT_MODE).set("op", SET).set("val64", 1);
            }),
        new ErrorPath(
            Request.IOMMU_OPTION,
            ENOENT,
            "HUGE_PAGES: no such IOAS",
            (_, block) ->
                block.set("option_id", HUGE_PAGES).set("op", GET).set("object_id", NOBODY)),
        new ErrorPath(
            Request.IOMMU_OPTION,
            EOPNOTSUPP,
            "HUGE_PAGES: an unknown operation",
            (scene, block) ->
                block.set("option_id", HUGE_PAGES).set("op", 2).set("object_id", scene.ioas())),
        new ErrorPath(
            Request.IOMMU_OPTION,
            EINVAL,
            "HUGE_PAGES: neither 0 nor 1",
            (scene, block) ->
                block
                    .set("option_id", HUGE_PAGES)
                    .set("op", SET)
                    .set("object_id", scene.ioas())
                    .set("val64", 2)),
        new ErrorPath(
            Request.IOMMU_OPTION,
            EADDRINUSE,
            "HUGE_PAGES: switched off with a mapping that is not of whole pages",
            (scene, block) -> {
              int ioas = scene.ioas();
              scene.map(ioas, IOVA + 1, 16);
              block.set("option_id", HUGE_PAGES).set("op", SET).set("object_id", ioas);
            }),
        new ErrorPath(
            Request.IOMMU_VFIO_IOAS,
            EOPNOTSUPP,
            "a reserved field is set",
            (_, block) -> block.set("op", iommufd_h.IOMMU_VFIO_IOAS_GET()).set("__reserved", 1)),
        new ErrorPath(
            Request.IOMMU_VFIO_IOAS, EOPNOTSUPP, "an unknown operation", (_, b) -> b.set("op", 3)),
        new ErrorPath(
            Request.IOMMU_VFIO_IOAS,
            ENODEV,
            "none is set",
            (_, block) -> block.set("op", iommufd_h.IOMMU_VFIO_IOAS_GET())),
        new ErrorPath(
            Request.IOMMU_VFIO_IOAS,
            ENOENT,
            "no such IOAS",
            (_, block) -> block.set("op", iommufd_h.IOMMU_VFIO_IOAS_SET()).set("ioas_id", NOBODY)));
  }

  private static long ranges(Scene scene, long... bounds) {
    MemorySegment ranges = scene.buffer(bounds.length * (long) Long.BYTES);
    MemorySegment.copy(bounds, 0, ranges, ValueLayout.JAVA_LONG, 0, bounds.length);
    return ranges.address();
  }
}
