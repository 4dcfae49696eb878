// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_arm_smmuv3;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.UserData;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/**
 * The two double words of a stream table entry that are a guest's to say ({@code struct
 * iommu_hwpt_arm_smmuv3}); both 0 for one that is not valid.
 */
record Smmuv3StreamTableEntry(long word0, long word1) {

  private static final long VALID = 1;
  private static final long CONFIG = 7 << 1;
  private static final int ABORT = 0;
  private static final int BYPASS = 4;
  private static final int FIRST_STAGE = 5;
  private static final long FORMAT = 3 << 4;
  private static final long CONTEXT_POINTER = (1L << 52) - (1 << 6);
  private static final long CONTEXTS = 0x1fL << 59;
  private static final long ALLOWED_0 = VALID | CONFIG | FORMAT | CONTEXT_POINTER | CONTEXTS;

  /** The bits for caching and sharing of the table, and for transactions without a PASID. */
  private static final long TABLE_ATTRIBUTES = 0xff;

  private static final long STALLS_DISABLED = 1 << 27;
  private static final int ATS_SHIFT = 28;
  private static final long ATS = 3 << ATS_SHIFT;
  private static final long ATS_FULL = 1;
  private static final long ALLOWED_1 = TABLE_ATTRIBUTES | STALLS_DISABLED | ATS;

  /**
   * {@code arm_smmu_validate_vste}.
   *
   * @throws Refused EIO for a valid one with a field that is not the guest's, or a configuration it
   *     cannot have; else as {@link UserData#copyIn}
   */
  static Smmuv3StreamTableEntry of(UserData data) {
    long size = iommu_hwpt_arm_smmuv3.sizeof();
    MemorySegment words = data.copyIn(iommufd_h.IOMMU_HWPT_DATA_ARM_SMMUV3(), size, size);
    var entry =
        new Smmuv3StreamTableEntry(
            iommu_hwpt_arm_smmuv3.ste(words, 0), iommu_hwpt_arm_smmuv3.ste(words, 1));
    if ((entry.word0 & VALID) == 0) {
      return new Smmuv3StreamTableEntry(0, 0);
    }
    long ats = (entry.word1 & ATS) >> ATS_SHIFT;
    int config = entry.config();
    if ((entry.word0 & ~ALLOWED_0) != 0
        || (entry.word1 & ~ALLOWED_1) != 0
        || (config != ABORT && config != BYPASS && config != FIRST_STAGE)
        || ats > ATS_FULL) {
      throw Refused.with(Errno.EIO);
    }
    return entry;
  }

  private int config() {
    return (int) ((word0 & CONFIG) >> 1);
  }

  /** True if the guest's own table translates. */
  boolean translates() {
    return config() == FIRST_STAGE;
  }

  /** True if transactions go on to the second stage as they are. */
  boolean bypasses() {
    return config() == BYPASS;
  }

  /** True if there is more than one context, chosen by PASID. */
  boolean substreams() {
    return (word0 & CONTEXTS) != 0;
  }

  /** The address of the context descriptor in the guest's memory. */
  long contextDescriptor() {
    return word0 & CONTEXT_POINTER;
  }
}
