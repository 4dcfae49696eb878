// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.viommu;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.selftest.iommu_viommu_invalidate_selftest;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests.Invalidation;
import io.iommufd4j.conformance.selftest.viommu.ViommuStart.Variant;
import io.iommufd4j.kernel.Errno;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code iommufd_viommu}: a virtual device's cache is invalidated entry by entry. */
@Selftest
final class DeviceCacheTest {

  private static final int VIRTUAL_ID = 0x99;
  private static final int EVERY_FLAG = -1;
  private static final int FULL = IOMMU_TEST_DEV_CACHE_DEFAULT();
  private static final int TYPE = IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST();
  private static final long BYTES = iommu_viommu_invalidate_selftest.sizeof();

  /** An entry of an invalidation. */
  private record Entry(int flags, int virtualId, int cache) {}

  /** Invalidates at the vIOMMU of a case. */
  private record Invalidator(ViommuStart start, MemorySegment memory) {

    /** With entries as the driver takes them: the answer, and how many were carried out. */
    Invalidation invalidate(Entry... entries) {
      return invalidate(TYPE, BYTES, entries);
    }

    Invalidation invalidate(int type, long entryBytes, Entry... entries) {
      for (int i = 0; i < entries.length; i++) {
        MemorySegment entry = memory.asSlice(i * BYTES, BYTES);
        iommu_viommu_invalidate_selftest.flags(entry, entries[i].flags);
        iommu_viommu_invalidate_selftest.vdev_id(entry, entries[i].virtualId);
        iommu_viommu_invalidate_selftest.cache_id(entry, entries[i].cache);
      }
      return run(type, memory, entryBytes, entries.length);
    }

    Invalidation run(int type, MemorySegment entries, long entryBytes, int count) {
      return start.objects().invalidate(start.viommu(), type, entries, entryBytes, count);
    }

    /** Expects the entries of the device's cache to have values. */
    void cacheIs(int... values) {
      for (int i = 0; i < values.length; i++) {
        ok(start.mock().checkCache(start.device(), i, values[i]));
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_viommu.vdevice_cache")
  void cacheIsInvalidatedEntryByEntry(Variant variant, KernelUnderTest test) {
    ViommuStart start = new ViommuStart(test, variant);
    Assumptions.assumeTrue(variant == Variant.MOCK_VIOMMU, "the kernel's case skips this variant");
    int vdevice = ok(start.objects().vdevice(start.viommu(), start.device(), VIRTUAL_ID));
    var cache = new Invalidator(start, test.arena().allocate(2 * BYTES, Integer.BYTES));
    start.mock().allCaches(start.device(), FULL);

    refusals(cache);
    partly(cache);
    wholly(cache);
    ok(start.destroy(vdevice));
  }

  private static Entry entry(int cache) {
    return new Entry(0, VIRTUAL_ID, cache);
  }

  private static Invalidation done(int count) {
    return new Invalidation(0, count);
  }

  private static Invalidation refused(Errno errno) {
    return refused(errno, 0);
  }

  private static Invalidation refused(Errno errno, int done) {
    return new Invalidation(errno.negated(), done);
  }

  private static void refusals(Invalidator cache) {
    Entry good = entry(0);
    Entry blank = new Entry(0, 0, 0);
    assertEquals(done(0), cache.invalidate());
    int otherType = IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST_INVALID();
    assertEquals(refused(EINVAL), cache.invalidate(otherType, BYTES, blank));
    assertEquals(refused(EINVAL), cache.invalidate(TYPE, BYTES + 1, blank));
    assertEquals(refused(EINVAL), cache.invalidate(TYPE, 1, blank));
    Entry flagged = new Entry(EVERY_FLAG, VIRTUAL_ID, 0);
    assertEquals(refused(EOPNOTSUPP), cache.invalidate(flagged));
    assertEquals(refused(EINVAL), cache.run(TYPE, MemorySegment.NULL, BYTES, 1));
    assertEquals(refused(EINVAL), cache.invalidate(TYPE, 0, good));
    assertEquals(refused(EINVAL), cache.invalidate(entry(MOCK_DEV_CACHE_ID_MAX() + 1)));
    assertEquals(refused(EINVAL), cache.invalidate(new Entry(0, 0x9, 0)));
  }

  /** Entries before a refused one are carried out. */
  private static void partly(Invalidator cache) {
    Entry flagged = new Entry(EVERY_FLAG, VIRTUAL_ID, 1);
    assertEquals(refused(EOPNOTSUPP, 1), cache.invalidate(entry(0), flagged));
    cache.cacheIs(0, FULL, FULL, FULL);
    Entry beyond = entry(MOCK_DEV_CACHE_ID_MAX() + 1);
    assertEquals(refused(EINVAL, 1), cache.invalidate(entry(0), beyond));
    cache.cacheIs(0, FULL, FULL, FULL);
  }

  private static void wholly(Invalidator cache) {
    assertEquals(done(1), cache.invalidate(entry(1)));
    cache.cacheIs(0, 0, FULL, FULL);
    assertEquals(done(2), cache.invalidate(entry(2), entry(3)));
    cache.cacheIs(0, 0, 0, 0);
    Entry all = new Entry(IOMMU_TEST_INVALIDATE_FLAG_ALL(), VIRTUAL_ID, 0);
    assertEquals(done(1), cache.invalidate(all));
    cache.cacheIs(0, 0, 0, 0);
  }
}
