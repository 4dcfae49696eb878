// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu.hardware;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;

/**
 * The answer of {@code IOMMU_GET_HW_INFO} for a device.
 *
 * @param type {@code enum iommu_hw_info_type}
 * @param data the type's own structure, in the UAPI's layout; not to be changed
 */
@SuppressWarnings(
    "ArrayRecordComponent") // Compared by nobody; the bytes go to user memory as they are.
public record HardwareInfo(int type, byte[] data) {

  /** Of hardware that tells nothing of itself. */
  public static final HardwareInfo NONE =
      new HardwareInfo(iommufd_h.IOMMU_HW_INFO_TYPE_NONE(), new byte[0]);

  /**
   * A type's own structure with its fields filled in.
   *
   * @param layout of the structure
   * @param fields fills them in
   */
  public static HardwareInfo of(int type, MemoryLayout layout, Consumer<MemorySegment> fields) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(layout);
      fields.accept(data);
      return new HardwareInfo(type, data.toArray(ValueLayout.JAVA_BYTE));
    }
  }
}
