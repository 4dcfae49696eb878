// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.nesting;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.E2BIG;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.EIO;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests.Invalidation;
import io.iommufd4j.kernel.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code IOMMU_HWPT_INVALIDATE} with commands of an SMMUv3. */
@Conformance
@OnVirtualSmmus
final class VirtualCommandTest {

  private static final int BYTES = 16;
  private static final long NO_COMMAND = 0xff;
  private static final long OTHER_STREAM = SmmuCommands.CONFIG_CONTEXT | 0x99L << 32;

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "everything,                     0x30,               0x0",
    "the guest,                      0x10,               0x0",
    "a guest by number,              0x500000010,        0x0",
    "an address space,               0x7000000000011,    0x0",
    "the last address space,         0xffff000000000011, 0x0",
    "an address,                     0x7000000000012,    0x1000",
    "an address and its leaf,        0x7000000000012,    0x1001",
    "an address everywhere,          0x13,               0x1000",
    "a range,                        0x3012,             0x1400",
    "the largest range,              0x1f01012,          0x1400",
    "a level,                        0x12,               0x1700",
    "a context,                      0x123400000005,     0x0",
    "a context and its leaf,         0x123400000005,     0x1",
    "all contexts,                   0x123400000006,     0x0",
  })
  void guestMayGive(String what, String word0, String word1, KernelUnderTest test) {
    Guest guest = Guest.of(test);
    ok(guest.takeDevice());
    Invalidation done = guest.invalidate(word(word0), word(word1));
    ok(done.answer());
    assertEquals(1, done.done());
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "everything of one guest,        0x500000030,        0x0",
    "everything and a bit,           0x130,              0x0",
    "a range without a granule,      0x3012,             0x1000",
    "a granule without a range,      0x12,               0x1400",
    "a level without a granule,      0x12,               0x1100",
    "a level no granule has,         0x12,               0x1900",
    "a range too large,              0x2001012,          0x1400",
    "an address not of a page,       0x12,               0x1002",
    "everywhere in one space,        0x1000000000013,    0x1000",
    "both stages,                    0x28,               0x0",
    "the second stage,               0x2a,               0x1000",
    "the hypervisor,                 0x20,               0x0",
    "a device's cache without ATS,   0x123400000040,     0x0",
    "a context of a substream,       0x123400001005,     0x1",
    "a context by a bit too many,    0x123400000805,     0x1",
    "a context of another's device,  0x9900000005,       0x0",
    "a stream table entry,           0x123400000003,     0x0",
    "all stream table entries,       0x4,                0x0",
    "prefetch,                       0x1,                0x0",
    "resume,                         0x44,               0x0",
    "synchronization,                0x46,               0x0",
    "nothing known,                  0x0,                0x0",
  })
  void guestMayNotGive(String what, String word0, String word1, KernelUnderTest test) {
    Guest guest = Guest.of(test);
    ok(guest.takeDevice());
    Invalidation done = guest.invalidate(word(word0), word(word1));
    refused(EIO, done.answer());
    assertEquals(0, done.done());
  }

  @Test
  void thoseBeforeTheBadOneCount(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    ok(guest.takeDevice());
    for (long bad : new long[] {NO_COMMAND, OTHER_STREAM}) {
      Invalidation done =
          guest.invalidate(SmmuCommands.ALL, 0, SmmuCommands.ALL, 0, bad, 0, SmmuCommands.ALL, 0);
      refused(EIO, done.answer());
      assertEquals(2, done.done());
    }
    long[] many = new long[2 * 300];
    for (int i = 0; i < 300; i++) {
      many[2 * i] = i == 200 ? NO_COMMAND : SmmuCommands.ALL;
    }
    Invalidation done = guest.invalidate(many);
    refused(EIO, done.answer());
    assertEquals(200, done.done());
  }

  @Test
  void deviceMustBeTheGuests(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    long command = SmmuCommands.ofStream(SmmuCommands.CONFIG_ALL_CONTEXTS);
    refused(EIO, guest.invalidate(command, 0).answer());
    int vdevice = ok(guest.takeDevice());
    ok(guest.invalidate(command, 0).answer());
    ok(guest.bound().iommufd().destroy(vdevice));
    refused(EIO, guest.invalidate(command, 0).answer());
  }

  @Test
  void entriesAreOfOneTypeAndKnownLength(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    int type = IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3();
    MemorySegment commands =
        test.arena().allocateFrom(ValueLayout.JAVA_LONG, SmmuCommands.ALL, 0, 0, 0);
    expect(guest, EINVAL, type - 1, commands, BYTES, 1);
    expect(guest, EINVAL, type + 1, commands, BYTES, 1);
    expect(guest, EINVAL, type, commands, BYTES, 0);
    expect(guest, EINVAL, type, commands, 0, 1);
    expect(guest, EFAULT, type, MemorySegment.ofAddress(test.badAddress()), BYTES, 2);
    ok(guest.requests().invalidate(guest.viommu(), type, commands, 8, 1).answer());
    ok(guest.requests().invalidate(guest.viommu(), type, commands, 24, 1).answer());
    commands.setAtIndex(ValueLayout.JAVA_LONG, 2, 1);
    expect(guest, E2BIG, type, commands, 24, 1);
  }

  private static void expect(
      Guest guest, Errno errno, int type, MemorySegment commands, int bytes, int count) {
    Invalidation done = guest.requests().invalidate(guest.viommu(), type, commands, bytes, count);
    refused(errno, done.answer());
    assertEquals(0, done.done());
  }

  @Test
  void onlyTheVirtualSmmuTakesThem(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    int type = IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3();
    MemorySegment command = test.arena().allocateFrom(ValueLayout.JAVA_LONG, SmmuCommands.ALL, 0);
    int nested = ok(guest.nested(FirstStage.VALID | FirstStage.BYPASS, 0));
    refused(EOPNOTSUPP, guest.requests().invalidate(nested, type, command, BYTES, 1).answer());
    refused(EINVAL, guest.requests().invalidate(guest.parent(), type, command, BYTES, 1).answer());
  }

  private static long word(String hexadecimal) {
    return Long.parseUnsignedLong(hexadecimal.substring(2), 16);
  }
}
