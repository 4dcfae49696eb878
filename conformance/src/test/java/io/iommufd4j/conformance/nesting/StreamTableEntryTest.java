// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.nesting;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_DATA_ARM_SMMUV3;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.EIO;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code IOMMU_HWPT_ALLOC} of stream table entries. */
@Conformance
@OnVirtualSmmus
final class StreamTableEntryTest {

  private static final int TYPES = 6;
  private static final int FLAGS = 6;

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "not valid,                          0x0,                0x0",
    "not valid and full of other things, 0xfffffffffffffffe, 0xffffffffffffffff",
    "abort,                              0x1,                0x0",
    "bypass,                             0x9,                0x0",
    "bypass with a pointer,              0x100009,           0x0",
    "bypass with ATS,                    0x9,                0x10000000",
    "first stage,                        0x10000b,           0x0",
    "table of two levels,                0x10002b,           0x0",
    "many contexts,                      0xf80000000010000b, 0x0",
    "attributes of the table,            0x10000b,           0xff",
    "stalls disabled,                    0x10000b,           0x8000000",
    "full ATS,                           0x10000b,           0x10000000",
  })
  void guestMayHave(String what, String word0, String word1, KernelUnderTest test) {
    ok(Guest.of(test).nested(word(word0), word(word1)));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "configuration 1,     0x3,              0x0",
    "configuration 2,     0x5,              0x0",
    "configuration 3,     0x7,              0x0",
    "second stage,        0xd,              0x0",
    "both stages,         0xf,              0x0",
    "pointer too long,    0x1000000000000b, 0x0",
    "split ATS,           0x10000b,         0x20000000",
    "reserved ATS,        0x10000b,         0x30000000",
    "merged events,       0x10000b,         0x80000",
    "privileges,          0x10000b,         0x1000000000000",
    "world,               0x10000b,         0x40000000",
    "shareability,        0x10000b,         0x100000000000",
    "a reserved bit,      0x10000b,         0x100",
  })
  void guestMayNotHave(String what, String word0, String word1, KernelUnderTest test) {
    refused(EIO, Guest.of(test).nested(word(word0), word(word1)));
  }

  @Test
  void dataIsOfOneTypeAndLength(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    int type = IOMMU_HWPT_DATA_ARM_SMMUV3();
    for (int other = 0; other < TYPES; other++) {
      if (other != type) {
        refused(EINVAL, guest.nested(0, other, FirstStage.VALID, 0));
      }
    }
    refused(EINVAL, guest.nested(0, type, new long[0]));
    refused(EINVAL, guest.nested(0, type, FirstStage.VALID));
    refused(EINVAL, guest.nested(0, type, FirstStage.VALID, 0, 0));
    MemorySegment bad = MemorySegment.ofAddress(test.badAddress()).reinterpret(16);
    refused(EFAULT, guest.requests().hwpt(guest.bound().id(), guest.viommu(), 0, type, bad));
  }

  @Test
  void driverKnowsNoFlags(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    int type = IOMMU_HWPT_DATA_ARM_SMMUV3();
    for (int bit = 0; bit < FLAGS; bit++) {
      // The third is for iommufd itself: it looks for a fault queue.
      if (bit != 2) {
        refused(EOPNOTSUPP, guest.nested(1 << bit, type, FirstStage.VALID, 0));
      }
    }
  }

  @Test
  void noNestingWithoutTheVirtualSmmu(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    MemorySegment entry = test.arena().allocate(16);
    int type = IOMMU_HWPT_DATA_ARM_SMMUV3();
    refused(EOPNOTSUPP, guest.requests().hwpt(guest.bound().id(), guest.parent(), 0, type, entry));
    refused(EOPNOTSUPP, guest.requests().hwpt(guest.bound().id(), guest.ioas(), 0, type, entry));
  }

  private static long word(String hexadecimal) {
    return Long.parseUnsignedLong(hexadecimal.substring(2), 16);
  }
}
