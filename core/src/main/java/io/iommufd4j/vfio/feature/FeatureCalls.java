// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.feature;

import io.iommufd4j.bindings.vfio.vfio_device_feature;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * {@code VFIO_DEVICE_FEATURE}: a header, and behind it in the same block the data of the feature.
 *
 * @param file the device's descriptor
 */
record FeatureCalls(KernelFile file) {

  private static final int GET = vfio_h.VFIO_DEVICE_FEATURE_GET();
  private static final int SET = vfio_h.VFIO_DEVICE_FEATURE_SET();
  private static final int PROBE = vfio_h.VFIO_DEVICE_FEATURE_PROBE();

  /** A block for a feature with so many bytes of data. */
  static MemorySegment block(Arena arena, long dataBytes) {
    return arena.allocate(vfio_device_feature.sizeof() + dataBytes, Long.BYTES);
  }

  /** The data in a block. */
  static MemorySegment data(MemorySegment block) {
    return block.asSlice(vfio_device_feature.sizeof());
  }

  boolean probe(Feature feature, boolean set) {
    try (Arena arena = Arena.ofConfined()) {
      int result = call(block(arena, 0), PROBE | (set ? SET : GET), feature);
      if (result == Errno.ENOTTY.negated() || result == Errno.EINVAL.negated()) {
        return false;
      }
      return checked(result, feature) >= 0;
    }
  }

  int get(Feature feature, MemorySegment block) {
    return checked(call(block, GET, feature), feature);
  }

  int set(Feature feature, MemorySegment block) {
    return checked(call(block, SET, feature), feature);
  }

  /** Sets a feature without data. */
  void set(Feature feature) {
    try (Arena arena = Arena.ofConfined()) {
      set(feature, block(arena, 0));
    }
  }

  private int call(MemorySegment block, int flags, Feature feature) {
    vfio_device_feature.argsz(block, (int) block.byteSize());
    vfio_device_feature.flags(block, flags | feature.number());
    return file.tryIoctl(Request.VFIO_DEVICE_FEATURE, block);
  }

  private int checked(int result, Feature feature) {
    if (result < 0) {
      throw refused(result, feature);
    }
    return result;
  }

  private KernelException refused(int result, Feature feature) {
    return file.refused(Request.VFIO_DEVICE_FEATURE, result, null, errno -> hint(feature, errno));
  }

  private String hint(Feature feature, ErrnoCode errno) {
    if (errno == Errno.ENOTTY) {
      return "the device, its driver or the kernel does not have the feature " + feature;
    }
    if (errno == Errno.EINVAL && !probe(feature, false) && !probe(feature, true)) {
      return "the device does not have the feature " + feature + ", or is not bound to an iommufd";
    }
    return "";
  }
}
