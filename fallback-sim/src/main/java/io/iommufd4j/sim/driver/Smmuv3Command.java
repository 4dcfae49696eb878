// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;

/**
 * An invalidation in the words of an SMMUv3's command queue ({@code struct
 * iommu_viommu_arm_smmuv3_invalidate}).
 */
record Smmuv3Command(long word0, long word1) {

  /** Bytes in one. */
  static final int BYTES = 2 * Long.BYTES;

  private static final long OPERATION = 0xff;
  private static final int CONFIG_CONTEXT = 0x05;
  private static final int CONFIG_ALL_CONTEXTS = 0x06;
  private static final int ALL_OF_GUEST = 0x10;
  private static final int ADDRESS_SPACE = 0x11;
  private static final int ADDRESS = 0x12;
  private static final int ADDRESS_IN_ALL = 0x13;
  private static final int ALL = 0x30;
  private static final int DEVICE_CACHE = 0x40;

  private static final int STREAM_SHIFT = 32;
  private static final long STREAM = 0xffff_ffffL << STREAM_SHIFT;
  private static final long SUBSTREAM_VALID = 1 << 11;
  private static final long SUBSTREAM = 0xfffffL << 12;
  private static final long GLOBAL = 1 << 9;
  private static final long GUEST = 0xffffL << 32;
  private static final int ASID_SHIFT = 48;
  private static final long COUNT = 0x1f << 12;
  private static final long SCALE = 0x3f << 20;

  /** Of the scale; only for addresses of 52 bits. */
  private static final long LARGE_SCALE = 1 << 25;

  private static final long LEAF = 1;
  private static final int LEVEL_SHIFT = 8;
  private static final long LEVEL = 3 << LEVEL_SHIFT;
  private static final int GRANULE_SHIFT = 10;
  private static final long GRANULE = 3 << GRANULE_SHIFT;
  private static final long PAGE = -1L << 12;
  private static final long SIZE = 0x3f;
  private static final long EVERYTHING = 52;

  /** The two words' bits that a command may have set. */
  private record Fields(long word0, long word1) {

    Fields and(long more0, long more1) {
      return new Fields(word0 | more0, word1 | more1);
    }
  }

  private int operation() {
    return (int) (word0 & OPERATION);
  }

  /** True if the command is for one device. */
  boolean forOneStream() {
    int operation = operation();
    return operation == CONFIG_CONTEXT
        || operation == CONFIG_ALL_CONTEXTS
        || operation == DEVICE_CACHE;
  }

  /** The guest's stream id of that device. */
  long stream() {
    return word0 >>> STREAM_SHIFT;
  }

  /**
   * {@code arm_vsmmu_validate_user_cmd}: nothing reaches the queue that could stop it for all.
   *
   * @throws Refused EIO for another operation, a bit that is not the operation's, a range that the
   *     specification reserves
   */
  void requireAllowed(Smmuv3Registers registers) {
    var allowed = allowed(registers);
    if ((word0 & ~allowed.word0) != 0 || (word1 & ~allowed.word1) != 0) {
      throw Refused.with(Errno.EIO);
    }
  }

  private Fields allowed(Smmuv3Registers registers) {
    var fields = new Fields(OPERATION, 0);
    long asid = ((1L << registers.asidBits()) - 1) << ASID_SHIFT;
    long substream = registers.substreamBits() == 0 ? 0 : SUBSTREAM;
    return switch (operation()) {
      case ALL -> fields;
      case ALL_OF_GUEST -> fields.and(GUEST, 0);
      case ADDRESS_SPACE -> fields.and(GUEST | asid, 0);
      case ADDRESS -> range(registers, fields.and(GUEST | asid, LEAF | PAGE));
      case ADDRESS_IN_ALL -> range(registers, fields.and(GUEST, LEAF | PAGE));
      case CONFIG_CONTEXT -> fields.and(STREAM | substream, LEAF);
      case CONFIG_ALL_CONTEXTS -> fields.and(STREAM, 0);
      case DEVICE_CACHE -> {
        if (!registers.ats() || (word1 & SIZE) > EVERYTHING) {
          throw Refused.with(Errno.EIO);
        }
        long pasids = substream == 0 ? 0 : substream | SUBSTREAM_VALID | GLOBAL;
        yield fields.and(STREAM | pasids, SIZE | PAGE);
      }
      default -> throw Refused.with(Errno.EIO);
    };
  }

  /** {@code arm_vsmmu_validate_range}. */
  private Fields range(Smmuv3Registers registers, Fields fields) {
    if (!registers.invalidatesRanges()) {
      return fields;
    }
    boolean range = (word0 & (COUNT | SCALE)) != 0;
    long level = (word1 & LEVEL) >> LEVEL_SHIFT;
    long granule = (word1 & GRANULE) >> GRANULE_SHIFT;
    boolean reserved =
        granule == 0 ? range || level != 0 : (granule == 2 && level == 1) || (!range && level == 0);
    if (reserved) {
      throw Refused.with(Errno.EIO);
    }
    return fields.and(COUNT | (SCALE & ~LARGE_SCALE), LEVEL | GRANULE);
  }
}
