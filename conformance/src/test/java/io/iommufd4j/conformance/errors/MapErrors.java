// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.errors;

import static io.iommufd4j.conformance.errors.Scene.IOVA;
import static io.iommufd4j.conformance.errors.Scene.NOBODY;
import static io.iommufd4j.conformance.errors.Scene.PAGE;
import static io.iommufd4j.kernel.Errno.EBADF;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EEXIST;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.ENOSPC;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static io.iommufd4j.kernel.Errno.EOVERFLOW;
import static io.iommufd4j.kernel.Errno.EPERM;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/** Mapping by address and by file, copying, unmapping, and looking an address up. */
final class MapErrors {

  private static final int FIXED = iommufd_h.IOMMU_IOAS_MAP_FIXED_IOVA();
  private static final int READ = iommufd_h.IOMMU_IOAS_MAP_READABLE();
  private static final int WRITE = iommufd_h.IOMMU_IOAS_MAP_WRITEABLE();

  private MapErrors() {}

  static List<ErrorPath> paths() {
    return Stream.of(map(), mapFile(), copy(), unmap(), physical()).flatMap(List::stream).toList();
  }

  private static ErrorPath map(Errno errno, String when, BiConsumer<Scene, RequestBlock> wrong) {
    return new ErrorPath(
        Request.IOMMU_IOAS_MAP,
        errno,
        when,
        (scene, block) ->
            wrong.accept(
                scene,
                block
                    .set("flags", FIXED | READ | WRITE)
                    .set("user_va", scene.memory(PAGE))
                    .set("length", PAGE)
                    .set("iova", IOVA)));
  }

  private static List<ErrorPath> map() {
    return List.of(
        map(
            EOPNOTSUPP,
            "an unknown flag",
            (scene, block) -> block.set("ioas_id", scene.ioas()).set("flags", READ | 8)),
        map(
            EOPNOTSUPP,
            "a reserved field is set",
            (scene, block) -> block.set("ioas_id", scene.ioas()).set("__reserved", 1)),
        map(
            EOVERFLOW,
            "the last IOVA there is",
            (scene, block) -> block.set("ioas_id", scene.ioas()).set("iova", -1)),
        map(
            EOVERFLOW,
            "more bytes than there are",
            (scene, block) -> block.set("ioas_id", scene.ioas()).set("length", -1)),
        map(
            EOVERFLOW,
            "past the end of IOVAs",
            (scene, block) ->
                block
                    .set("ioas_id", scene.ioas())
                    .set("iova", -PAGE)
                    .set("user_va", scene.memory(2 * PAGE))
                    .set("length", 2 * PAGE)),
        map(
            EOVERFLOW,
            "past the end of memory",
            (scene, block) -> block.set("ioas_id", scene.ioas()).set("user_va", -PAGE / 2)),
        map(
            EINVAL,
            "neither readable nor writeable",
            (scene, block) -> block.set("ioas_id", scene.ioas()).set("flags", FIXED)),
        map(ENOENT, "no such IOAS", (_, block) -> block.set("ioas_id", NOBODY)),
        map(
            EINVAL,
            "no bytes",
            (scene, block) -> block.set("ioas_id", scene.ioas()).set("length", 0)),
        map(
            EINVAL,
            "an IOVA inside a page of the device's",
            (scene, block) -> block.set("ioas_id", withDevice(scene)).set("iova", IOVA + 1)),
        map(
            EINVAL,
            "memory inside a page of the device's",
            (scene, block) ->
                block.set("ioas_id", withDevice(scene)).set("user_va", scene.memory(2 * PAGE) + 1)),
        map(
            EINVAL,
            "bytes that are no whole pages of the device's",
            (scene, block) -> block.set("ioas_id", withDevice(scene)).set("length", PAGE - 1)),
        map(
            EINVAL,
            "an IOVA that the device reserves",
            (scene, block) -> block.set("ioas_id", withDevice(scene)).set("iova", 0)),
        map(
            EEXIST,
            "an IOVA that is mapped",
            (scene, block) -> block.set("ioas_id", scene.mapped(PAGE))),
        map(
            ENOSPC,
            "no IOVAs are left to choose from",
            (scene, block) ->
                block.set("ioas_id", withDevice(scene)).set("flags", READ).set("length", 1L << 40)),
        map(
            EFAULT,
            "no memory there",
            (scene, block) ->
                block.set("ioas_id", withDevice(scene)).set("user_va", scene.badAddress())),
        map(
            EFAULT,
            "writeable, and the memory is not",
            (scene, block) ->
                block
                    .set("ioas_id", withDevice(scene))
                    .set("user_va", scene.kernel().readOnlyPages(1).address())));
  }

  private static ErrorPath mapFile(
      Errno errno, String when, BiConsumer<Scene, RequestBlock> wrong) {
    return new ErrorPath(
        Request.IOMMU_IOAS_MAP_FILE,
        errno,
        when,
        (scene, block) ->
            wrong.accept(
                scene,
                block
                    .set("flags", FIXED | READ | WRITE)
                    .set("fd", scene.kernel().memfd(2))
                    .set("length", PAGE)
                    .set("iova", IOVA)));
  }

  private static List<ErrorPath> mapFile() {
    return List.of(
        mapFile(
            EOPNOTSUPP,
            "an unknown flag",
            (scene, block) -> block.set("ioas_id", scene.ioas()).set("flags", READ | 8)),
        mapFile(
            EOVERFLOW,
            "the last IOVA there is",
            (scene, block) -> block.set("ioas_id", scene.ioas()).set("iova", -1)),
        mapFile(
            EOVERFLOW,
            "past the end of offsets",
            (scene, block) -> block.set("ioas_id", scene.ioas()).set("start", -PAGE / 2)),
        mapFile(
            EINVAL,
            "neither readable nor writeable",
            (scene, block) -> block.set("ioas_id", scene.ioas()).set("flags", FIXED)),
        mapFile(ENOENT, "no such IOAS", (_, block) -> block.set("ioas_id", NOBODY)),
        mapFile(
            EINVAL,
            "no bytes",
            (scene, block) -> block.set("ioas_id", scene.ioas()).set("length", 0)),
        mapFile(
            EBADF,
            "no such descriptor",
            (scene, block) -> block.set("ioas_id", scene.ioas()).set("fd", 1_000_000)),
        mapFile(
            EEXIST,
            "an IOVA that is mapped",
            (scene, block) -> block.set("ioas_id", scene.mapped(PAGE))),
        mapFile(
            EINVAL,
            "past the end of the file",
            (scene, block) -> block.set("ioas_id", withDevice(scene)).set("start", 2 * PAGE)));
  }

  private static ErrorPath copy(Errno errno, String when, BiConsumer<Scene, RequestBlock> wrong) {
    return new ErrorPath(
        Request.IOMMU_IOAS_COPY,
        errno,
        when,
        (scene, block) -> {
          int source = scene.mapped(PAGE);
          wrong.accept(
              scene,
              block
                  .set("flags", FIXED | READ | WRITE)
                  .set("src_ioas_id", source)
                  .set("dst_ioas_id", source)
                  .set("length", PAGE)
                  .set("src_iova", IOVA)
                  .set("dst_iova", IOVA + PAGE));
        });
  }

  private static List<ErrorPath> copy() {
    return List.of(
        copy(EOPNOTSUPP, "an unknown flag", (_, block) -> block.set("flags", READ | 8)),
        copy(EOVERFLOW, "the last IOVA there is", (_, block) -> block.set("dst_iova", -1)),
        copy(
            EOVERFLOW,
            "past the end of the source's IOVAs",
            (_, block) -> block.set("src_iova", -PAGE).set("length", 2 * PAGE)),
        copy(EINVAL, "neither readable nor writeable", (_, block) -> block.set("flags", FIXED)),
        copy(ENOENT, "no such source", (_, block) -> block.set("src_ioas_id", NOBODY)),
        copy(ENOENT, "no such destination", (_, block) -> block.set("dst_ioas_id", NOBODY)),
        copy(EINVAL, "no bytes", (_, block) -> block.set("length", 0)),
        copy(
            ENOENT,
            "the source is not all mapped",
            (_, block) -> block.set("length", 2 * PAGE).set("dst_iova", IOVA + 8 * PAGE)),
        copy(EEXIST, "the destination is mapped", (_, block) -> block.set("dst_iova", IOVA)),
        copy(
            EPERM,
            "writeable, and the source was never",
            (scene, block) -> {
              int source = scene.ioas();
              scene.mapReadOnly(source, IOVA, PAGE);
              block.set("src_ioas_id", source);
            }),
        copy(
            EINVAL,
            "an IOVA that the destination's device reserves",
            (scene, block) -> block.set("dst_ioas_id", withDevice(scene)).set("dst_iova", 0)));
  }

  private static List<ErrorPath> unmap() {
    return List.of(
        new ErrorPath(
            Request.IOMMU_IOAS_UNMAP,
            ENOENT,
            "no such IOAS",
            (_, block) -> block.set("ioas_id", NOBODY).set("length", PAGE)),
        new ErrorPath(
            Request.IOMMU_IOAS_UNMAP,
            EINVAL,
            "no bytes",
            (scene, block) -> block.set("ioas_id", scene.ioas())),
        new ErrorPath(
            Request.IOMMU_IOAS_UNMAP,
            EOVERFLOW,
            "the last IOVA there is",
            (scene, block) -> block.set("ioas_id", scene.ioas()).set("iova", -1).set("length", 1)),
        new ErrorPath(
            Request.IOMMU_IOAS_UNMAP,
            EOVERFLOW,
            "past the end of IOVAs",
            (scene, block) ->
                block.set("ioas_id", scene.ioas()).set("iova", -PAGE).set("length", 2 * PAGE)),
        new ErrorPath(
            Request.IOMMU_IOAS_UNMAP,
            ENOENT,
            "nothing is mapped there",
            (scene, block) ->
                block.set("ioas_id", scene.ioas()).set("iova", IOVA).set("length", PAGE)),
        new ErrorPath(
            Request.IOMMU_IOAS_UNMAP,
            ENOENT,
            "part of a mapping",
            (scene, block) ->
                block.set("ioas_id", scene.mapped(2 * PAGE)).set("iova", IOVA).set("length", PAGE)),
        new ErrorPath(
            Request.IOMMU_IOAS_UNMAP,
            EBUSY,
            "a hardware queue lives there",
            (scene, block) -> {
              Scene.Virtual virtual = scene.virtual();
              scene.map(virtual.ioas(), IOVA, PAGE);
              scene.hardwareQueue(virtual);
              block.set("ioas_id", virtual.ioas()).set("iova", IOVA).set("length", PAGE);
            }));
  }

  private static List<ErrorPath> physical() {
    return List.of(
        new ErrorPath(
            Request.IOMMU_IOAS_NOIOMMU_GET_PA,
            EOPNOTSUPP,
            "a flag",
            (_, block) -> block.set("flags", 1).set("length", PAGE)),
        new ErrorPath(
            Request.IOMMU_IOAS_NOIOMMU_GET_PA,
            EOPNOTSUPP,
            "a reserved field is set",
            (_, block) -> block.set("__reserved", 1).set("length", PAGE)),
        new ErrorPath(Request.IOMMU_IOAS_NOIOMMU_GET_PA, EINVAL, "no bytes", (_, _) -> {}),
        new ErrorPath(
            Request.IOMMU_IOAS_NOIOMMU_GET_PA,
            EOVERFLOW,
            "the last IOVA there is",
            (_, block) -> block.set("length", 1).set("iova", -1)),
        new ErrorPath(
            Request.IOMMU_IOAS_NOIOMMU_GET_PA,
            ENOENT,
            "no such IOAS",
            (_, block) -> block.set("length", 1).set("ioas_id", NOBODY)),
        new ErrorPath(
            Request.IOMMU_IOAS_NOIOMMU_GET_PA,
            ENOENT,
            "nothing is mapped there",
            (scene, block) -> block.set("length", 1).set("ioas_id", scene.ioas())),
        new ErrorPath(
            Request.IOMMU_IOAS_NOIOMMU_GET_PA,
            EOPNOTSUPP,
            "mapped, and no device is attached",
            (scene, block) ->
                block.set("ioas_id", scene.mapped(PAGE)).set("iova", IOVA).set("length", PAGE)),
        new ErrorPath(
            Request.IOMMU_IOAS_NOIOMMU_GET_PA,
            EOPNOTSUPP,
            "mapped, and the device has an IOMMU",
            (scene, block) -> {
              int ioas = withDevice(scene);
              scene.map(ioas, IOVA, PAGE);
              block.set("ioas_id", ioas).set("iova", IOVA).set("length", PAGE);
            }));
  }

  private static int withDevice(Scene scene) {
    int ioas = scene.ioas();
    scene.mock(ioas);
    return ioas;
  }
}
