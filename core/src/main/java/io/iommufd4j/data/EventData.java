// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import io.iommufd4j.bindings.iommufd.iommu_vevent_arm_smmuv3;
import io.iommufd4j.bindings.iommufd.iommu_vevent_tegra241_cmdqv;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;

/** The data of an event, in the hardware's own format. */
public sealed interface EventData {

  /**
   * An event record of an ARM SMMUv3 ({@code struct iommu_vevent_arm_smmuv3}). The stream id in it
   * is the one that the guest knows its device by.
   *
   * @param word0 its first 64 bits: the event's number in the lowest byte, the stream id in the
   *     upper half
   * @param word1 its second: flags of the access
   * @param word2 its third: the address that the device used
   * @param word3 its fourth
   */
  record SmmuV3(long word0, long word1, long word2, long word3) implements EventData {

    private static final int NUMBER = 0xff;

    /** {@return the event's number, as {@code 0x10} for F_TRANSLATION} */
    public int number() {
      return (int) word0 & NUMBER;
    }

    /** {@return the guest's stream id of the device} */
    public int streamId() {
      return (int) (word0 >>> Integer.SIZE);
    }
  }

  /**
   * Errors of a Tegra241's virtual command queues ({@code struct iommu_vevent_tegra241_cmdqv}).
   *
   * @param word0 a bit for each of queues 0 to 63
   * @param word1 a bit for each of queues 64 to 127
   */
  record Tegra241Cmdqv(long word0, long word1) implements EventData {}

  /**
   * A kind that this version does not decode.
   *
   * @param type {@code enum iommu_veventq_type}
   * @param hex the bytes, in memory order, in hexadecimal
   */
  record Other(int type, String hex) implements EventData {}

  /**
   * {@return an event's data}
   *
   * @param type of its queue
   * @param bytes as read from there
   */
  static EventData of(EventType type, MemorySegment bytes) {
    if (type.equals(EventType.SMMUV3)) {
      return new SmmuV3(
          iommu_vevent_arm_smmuv3.evt(bytes, 0),
          iommu_vevent_arm_smmuv3.evt(bytes, 1),
          iommu_vevent_arm_smmuv3.evt(bytes, 2),
          iommu_vevent_arm_smmuv3.evt(bytes, 3));
    }
    if (type.equals(EventType.TEGRA241_CMDQV)) {
      return new Tegra241Cmdqv(
          iommu_vevent_tegra241_cmdqv.lvcmdq_err_map(bytes, 0),
          iommu_vevent_tegra241_cmdqv.lvcmdq_err_map(bytes, 1));
    }
    return new Other(type.value(), HexFormat.of().formatHex(bytes.toArray(ValueLayout.JAVA_BYTE)));
  }
}
