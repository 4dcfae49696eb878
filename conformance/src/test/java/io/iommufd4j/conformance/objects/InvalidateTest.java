// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.objects;

import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_HWPT_INVALIDATE_DATA_SELFTEST;
import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_TEST_DEV_CACHE_DEFAULT;
import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_TEST_INVALIDATE_FLAG_ALL;
import static io.iommufd4j.bindings.selftest.selftest_h.IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.E2BIG;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.ENOMEM;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_invalidate;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests.Invalidation;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** {@code IOMMU_HWPT_INVALIDATE} on a nested HWPT and on a vIOMMU. */
@Conformance
final class InvalidateTest {

  private static final int ALL = IOMMU_TEST_INVALIDATE_FLAG_ALL();
  private static final int NESTED = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST();
  private static final int VIOMMU = IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST();
  private static final int VIRTUAL_ID = 0x99;

  /** {@code IOMMU_HWPT_INVALIDATE_ENTRY_NUM_MAX}. */
  private static final int MOST_ENTRIES = 1 << 19;

  private static void expect(Errno errno, int done, Invalidation answered) {
    expect(errno.negated(), done, answered);
  }

  private static void expect(int answer, int done, Invalidation answered) {
    same(answer, answered.answer());
    assertEquals(done, answered.done(), "entries carried out");
  }

  private static MemorySegment words(KernelUnderTest test, int... words) {
    return test.arena().allocateFrom(ValueLayout.JAVA_INT, words);
  }

  /** A nested HWPT whose cache is full. */
  private record Table(MockGuest guest, int id) {

    static Table of(KernelUnderTest test) {
      var guest = new MockGuest(test);
      return new Table(guest, guest.nested(guest.parent()));
    }

    Invalidation invalidate(int type, MemorySegment entries, long bytes, int count) {
      return guest.objects.invalidate(id, type, entries, bytes, count);
    }
  }

  @Test
  void noEntriesAskForTheType(KernelUnderTest test) {
    Table table = Table.of(test);
    expect(0, 0, table.invalidate(NESTED, MemorySegment.NULL, 0, 0));
    expect(0, 0, table.invalidate(NESTED, MemorySegment.NULL, 1, 0));
    expect(EINVAL, 0, table.invalidate(NESTED + 1, MemorySegment.NULL, 0, 0));
    table.guest.mock.allIotlbs(table.id, MockGuest.CACHED);
  }

  @Test
  void fieldsOfTheArrayAreChecked(KernelUnderTest test) {
    Table table = Table.of(test);
    MemorySegment entries = words(test, 0, 0, 0, 0);
    expect(EINVAL, 0, table.invalidate(NESTED, MemorySegment.NULL, 8, 1));
    expect(EINVAL, 0, table.invalidate(NESTED, entries, 0, 1));
    expect(EINVAL, 0, table.invalidate(NESTED, entries, 4097, 1));
    expect(EINVAL, 0, table.invalidate(NESTED, entries, 8, MOST_ENTRIES + 1));
    expect(EINVAL, 0, table.invalidate(NESTED, entries, 8, -1));
    expect(EINVAL, 0, table.invalidate(NESTED + 1, entries, 8, 1));
    expect(EINVAL, 0, table.invalidate(NESTED, entries, 7, 1));
    expect(EINVAL, 0, table.invalidate(NESTED, entries, 9, 1));
    expect(EINVAL, 0, table.invalidate(NESTED, entries, 4096, 1));
    table.guest.mock.allIotlbs(table.id, MockGuest.CACHED);
    expect(0, 1, table.invalidate(NESTED, entries, 8, 1));
  }

  @Test
  void objectMustHaveACacheOfTheUsers(KernelUnderTest test) {
    Table table = Table.of(test);
    MockGuest guest = table.guest;
    MemorySegment entry = words(test, 0, 0);
    expect(ENOENT, 0, guest.objects.invalidate(1000, NESTED, entry, 8, 1));
    expect(EINVAL, 0, guest.objects.invalidate(guest.ioas, NESTED, entry, 8, 1));
    expect(EINVAL, 0, guest.objects.invalidate(guest.device.hwpt(), NESTED, entry, 8, 1));
    // The array's fields come before the object.
    expect(EINVAL, 0, guest.objects.invalidate(1000, NESTED, entry, 0, 1));
    var reserved = guest.iommufd.block(Request.IOMMU_HWPT_INVALIDATE).set("__reserved", 1);
    reserved.set("entry_num", 5);
    refused(EOPNOTSUPP, guest.iommufd.ioctl(reserved));
    assertEquals(0, reserved.get("entry_num"));
  }

  @Test
  void entriesBeforeABadOneAreCarriedOut(KernelUnderTest test) {
    Table table = Table.of(test);
    MockGuest guest = table.guest;
    expect(EOPNOTSUPP, 1, table.invalidate(NESTED, words(test, 0, 0, 2, 1, 0, 2), 8, 3));
    expect(EINVAL, 1, table.invalidate(NESTED, words(test, 0, 1, 0, 4, 0, 2), 8, 3));
    // An entry that counts for nothing has to be there all the same.
    expect(EINVAL, 0, table.invalidate(NESTED, words(test, ALL, 4), 8, 1));
    ok(guest.mock.checkIotlb(table.id, 0, 0));
    ok(guest.mock.checkIotlb(table.id, 1, 0));
    ok(guest.mock.checkIotlb(table.id, 2, MockGuest.CACHED));
    expect(0, 2, table.invalidate(NESTED, words(test, 0, 3, ALL, 0), 8, 2));
    guest.mock.allIotlbs(table.id, 0);
  }

  @Test
  void entriesBeforeABadPageAreCarriedOut(KernelUnderTest test) {
    Table table = Table.of(test);
    UserPages page = test.pageBeforeNothing();
    MemorySegment end = MemorySegment.ofAddress(page.address() + UserPages.PAGE - 8);
    expect(EFAULT, 1, table.invalidate(NESTED, end, 8, 2));
    ok(table.guest.mock.checkIotlb(table.id, 0, 0));
    ok(table.guest.mock.checkIotlb(table.id, 1, MockGuest.CACHED));
  }

  @Test
  void countThatCannotBeWrittenBackIsAFault(KernelUnderTest test) {
    Table table = Table.of(test);
    MemorySegment entry = words(test, 0, 1);
    var block =
        test.readOnly(memory -> {
          iommu_hwpt_invalidate.size(memory, (int) iommu_hwpt_invalidate.sizeof());
          iommu_hwpt_invalidate.hwpt_id(memory, table.id);
          iommu_hwpt_invalidate.data_uptr(memory, entry.address());
          iommu_hwpt_invalidate.data_type(memory, NESTED);
          iommu_hwpt_invalidate.entry_len(memory, 8);
          iommu_hwpt_invalidate.entry_num(memory, 1);
        });
    refused(EFAULT, table.guest.iommufd.ioctl(Request.IOMMU_HWPT_INVALIDATE.number(), block));
    ok(table.guest.mock.checkIotlb(table.id, 1, 0));
  }

  /** A vIOMMU with a device whose cache is full. */
  private record Guest(MockGuest guest, int id) {

    static Guest of(KernelUnderTest test) {
      var guest = new MockGuest(test);
      int viommu = guest.viommu(guest.parent());
      ok(guest.objects.vdevice(viommu, guest.id(), VIRTUAL_ID));
      return new Guest(guest, viommu);
    }

    Invalidation invalidate(int type, MemorySegment entries, long bytes, int count) {
      return guest.objects.invalidate(id, type, entries, bytes, count);
    }
  }

  @Test
  void noEntriesAskForTheTypeOfTheViommu(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    expect(0, 0, guest.invalidate(VIOMMU, MemorySegment.NULL, 0, 0));
    expect(EINVAL, 0, guest.invalidate(VIOMMU + 1, MemorySegment.NULL, 0, 0));
  }

  @Test
  void longerEntriesAreTakenWhereTheRestIsZero(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    expect(0, 1, guest.invalidate(VIOMMU, words(test, 0, VIRTUAL_ID, 1, 0), 16, 1));
    expect(E2BIG, 0, guest.invalidate(VIOMMU, words(test, 0, VIRTUAL_ID, 2, 1), 16, 1));
    expect(
        E2BIG,
        0,
        guest.invalidate(VIOMMU, words(test, 0, VIRTUAL_ID, 2, 0, 0, VIRTUAL_ID, 3, 1), 16, 2));
    // Shorter ones end in zeros: entry 0.
    expect(0, 1, guest.invalidate(VIOMMU, words(test, 0, VIRTUAL_ID), 8, 1));
    ok(guest.guest.mock.checkCache(guest.guest.id(), 0, 0));
    ok(guest.guest.mock.checkCache(guest.guest.id(), 1, 0));
    ok(guest.guest.mock.checkCache(guest.guest.id(), 2, IOMMU_TEST_DEV_CACHE_DEFAULT()));
    expect(EINVAL, 0, guest.invalidate(VIOMMU, words(test, 0), 4, 1));
  }

  @Test
  void deviceMustBeTheGuests(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    int id = VIRTUAL_ID;
    expect(EINVAL, 1, guest.invalidate(VIOMMU, words(test, 0, id, 0, 0, id + 1, 0), 12, 2));
    expect(EOPNOTSUPP, 1, guest.invalidate(VIOMMU, words(test, 0, id, 1, 2, id, 0), 12, 2));
    expect(EINVAL, 1, guest.invalidate(VIOMMU, words(test, 0, id, 2, 0, id, 4), 12, 2));
    ok(guest.guest.mock.checkCache(guest.guest.id(), 3, IOMMU_TEST_DEV_CACHE_DEFAULT()));
    expect(0, 1, guest.invalidate(VIOMMU, words(test, ALL, id, 0), 12, 1));
    guest.guest.mock.allCaches(guest.guest.id(), 0);
  }

  @Test
  void viommuTakesAllEntriesOrNone(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    UserPages page = test.pageBeforeNothing();
    long start = page.address() + UserPages.PAGE - 12;
    MemorySegment first = MemorySegment.ofAddress(start).reinterpret(12);
    first.copyFrom(words(test, 0, VIRTUAL_ID, 1));
    expect(EFAULT, 0, guest.invalidate(VIOMMU, first, 12, 2));
    ok(guest.guest.mock.checkCache(guest.guest.id(), 1, IOMMU_TEST_DEV_CACHE_DEFAULT()));
  }

  @Test
  void moreThanTheKernelAllocatesIsNoMemory(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    int count = (4 << 20) / 12 + 1;
    MemorySegment entries = words(test, 0, VIRTUAL_ID, 1);
    expect(ENOMEM, count, guest.invalidate(VIOMMU, entries, 12, count));
    expect(EINVAL, 0, guest.invalidate(VIOMMU + 1, entries, 12, 1));
    ok(guest.guest.mock.checkCache(guest.guest.id(), 1, IOMMU_TEST_DEV_CACHE_DEFAULT()));
  }

  @Test
  void cacheCheckWantsADevice(KernelUnderTest test) {
    var guest = new MockGuest(test);
    guest.mock.allCaches(guest.id(), IOMMU_TEST_DEV_CACHE_DEFAULT());
    refused(EINVAL, guest.mock.checkCache(guest.id(), 4, IOMMU_TEST_DEV_CACHE_DEFAULT()));
    refused(EINVAL, guest.mock.checkCache(guest.id(), 0, 0));
    refused(ENOENT, guest.mock.checkCache(guest.ioas, 0, 0));
    refused(ENOENT, guest.mock.checkCache(1000, 0, 0));
  }
}
