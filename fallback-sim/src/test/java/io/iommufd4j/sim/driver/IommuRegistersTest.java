// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_PASID;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.sim.iommu.hardware.Capability;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Other machines are other registers: each case follows the driver's source in Linux 7.3. */
final class IommuRegistersTest {

  private static final int NEST = IOMMU_HWPT_ALLOC_NEST_PARENT();
  private static final int DIRTY = IOMMU_HWPT_ALLOC_DIRTY_TRACKING();
  private static final int PASID = IOMMU_HWPT_ALLOC_PASID();
  private static final long PAGE = 1L << 12;
  private static final long LARGE = 1L << 21;
  private static final long HUGE = 1L << 30;

  private static Set<Integer> served(IommuRegisters registers) {
    var served = new TreeSet<Integer>();
    for (int flags : new int[] {0, NEST, DIRTY, PASID}) {
      for (int more : new int[] {0, NEST, DIRTY, PASID}) {
        if (registers.serves(flags | more)) {
          served.add(flags | more);
        }
      }
    }
    return served;
  }

  private static int bits(IommuRegisters registers, int flags) {
    return Long.SIZE - Long.numberOfLeadingZeros(registers.apertureLast(flags));
  }

  private static VtdRegisters vtd(int levels, int addressBits, long extended) {
    return new VtdRegisters((long) levels << 8 | (long) (addressBits - 1) << 16, extended);
  }

  @ParameterizedTest
  @CsvSource({
    "6, 48, 48",
    "6, 57, 48",
    "6, 46, 46",
    "2, 48, 39",
    "2, 36, 36",
    "14, 57, 57",
    "14, 48, 48"
  })
  void vtdSecondStageIsAsWideAsBothItsRegistersAllow(int levels, int addressBits, int expected) {
    assertEquals(expected, bits(vtd(levels, addressBits, 0), 0));
  }

  @Test
  void vtdPageSizesOfTheSecondStage() {
    long plain = vtd(6, 48, 0).capability();
    assertEquals(PAGE, new VtdRegisters(plain, 0).pageSizes(0));
    assertEquals(PAGE | LARGE, new VtdRegisters(plain | 1L << 34, 0).pageSizes(0));
    assertEquals(PAGE | LARGE | HUGE, new VtdRegisters(plain | 3L << 34, 0).pageSizes(0));
  }

  @Test
  void vtdInScalableModeNeedsAStage() {
    long scalable = 1L << 43;
    long second = 1L << 46;
    long first = 1L << 47;
    assertEquals(Set.of(), served(vtd(6, 48, scalable)));
    assertEquals(Set.of(0, PASID), served(vtd(6, 48, scalable | second)));
    assertEquals(Set.of(0, PASID), served(vtd(6, 48, scalable | first)));
    VtdRegisters both = vtd(6, 48, scalable | first | second | 1L << 26);
    assertEquals(Set.of(0, PASID, NEST, NEST | PASID), served(both));
    assertEquals(47, bits(both, 0), "the first stage's lower half");
    assertEquals(48, bits(both, NEST));
    assertEquals(PAGE | LARGE, both.pageSizes(PASID));
  }

  @Test
  void vtdTracksDirtyPagesWhereWalksAreCoherentToo() {
    assertTrue(vtd(6, 48, VtdRegisters.TRACKS_DIRTY).capable(Capability.DIRTY_TRACKING));
    VtdRegisters incoherent = vtd(6, 48, VtdRegisters.TRACKS_DIRTY & ~(1L << 48));
    assertFalse(incoherent.capable(Capability.DIRTY_TRACKING));
    assertEquals(Set.of(0, PASID), served(incoherent));
  }

  @Test
  void vtdMakesDmaSnoopWhereItControlsThat() {
    assertFalse(vtd(6, 48, 0).capable(Capability.ENFORCE_CACHE_COHERENCY));
    assertTrue(vtd(6, 48, 1L << 7).capable(Capability.ENFORCE_CACHE_COHERENCY));
  }

  @ParameterizedTest
  @CsvSource({"0, 64, 48", "1, 64, 57", "2, 64, 64", "2, 48, 48", "0, 40, 40"})
  void amdHostTablesAreAsWideAsLevelsAndFirmwareAllow(int hats, int addressBits, int expected) {
    assertEquals(expected, bits(new AmdRegisters((long) hats << 10, 0, addressBits), 0));
  }

  @Test
  void amdPageSizesAreAllPowersOfTwoBelowHalfTheApertureButOne() {
    assertEquals(((1L << 47) - PAGE) ^ 1L << 39, new AmdRegisters(2L << 10, 0, 48).pageSizes(0));
    assertEquals((1L << 31) - PAGE, new AmdRegisters(2L << 10, 0, 32).pageSizes(0));
    assertEquals(((1L << 52) - PAGE) ^ 1L << 39, new AmdRegisters(2L << 10, 0, 64).pageSizes(0));
  }

  @Test
  void amdGuestTablesNeedThreeFeatures() {
    long all = 1L << 1 | 1L << 4 | 1L << 50;
    var able = new AmdRegisters(all, 0, 48);
    assertEquals(Set.of(0, PASID), served(able));
    assertEquals(47, bits(able, PASID));
    assertEquals(PAGE | LARGE | HUGE, able.pageSizes(PASID));
    for (long one : new long[] {1L << 1, 1L << 4, 1L << 50}) {
      assertEquals(Set.of(0), served(new AmdRegisters(all & ~one, 0, 48)));
    }
  }

  @Test
  void amdNestingParentsNeedBothFeatureRegisters() {
    long features = 1L << 4 | 1L << 48 | 1L << 52;
    assertEquals(
        Set.of(0, NEST, DIRTY, NEST | DIRTY), served(new AmdRegisters(features, 1L << 3, 48)));
    assertEquals(Set.of(0, DIRTY), served(new AmdRegisters(features, 0, 48)));
  }

  private static Smmuv3Registers smmu(int idr0, int idr5) {
    return new Smmuv3Registers(idr0, 0, 0, idr5, 0, 52);
  }

  @Test
  void smmuStages() {
    assertEquals(Set.of(0, PASID), served(smmu(0b10, 0x74)));
    assertEquals(Set.of(0), served(smmu(0b01, 0x74)));
    assertEquals(Set.of(0, PASID, NEST), served(smmu(0b11, 0x74)));
    assertEquals(48, bits(smmu(0b11, 0x74), 0));
    assertEquals(44, bits(smmu(0b11, 0x74), NEST));
    assertEquals(44, bits(smmu(0b01, 0x74), 0));
    assertEquals(40, bits(smmu(0b01, 0x72), 0));
    assertEquals(52, bits(smmu(0b11, 0x74 | 1 << 10), 0));
  }

  @Test
  void smmuPageSizesFollowItsGranules() {
    assertEquals(PAGE | LARGE | HUGE, smmu(0b11, 0x74).pageSizes(0));
    assertEquals(16 << 10 | 32 << 20, smmu(0b11, 0x64).pageSizes(0));
    assertEquals(64 << 10 | 512 << 20, smmu(0b11, 0x44).pageSizes(0));
  }

  @Test
  void smmuTracksDirtyPagesWhereItIsCoherent() {
    int coherent = 1 << 4;
    Smmuv3Registers able = smmu(0b11 | coherent | Smmuv3Registers.TRACKS_DIRTY, 0x74);
    assertTrue(able.capable(Capability.DIRTY_TRACKING));
    assertEquals(Set.of(0, PASID, NEST, DIRTY, DIRTY | PASID), served(able));
    Smmuv3Registers incoherent = smmu(0b11 | Smmuv3Registers.TRACKS_DIRTY, 0x74);
    assertFalse(incoherent.capable(Capability.DIRTY_TRACKING));
    assertFalse(incoherent.capable(Capability.CACHE_COHERENCY));
    assertFalse(smmu(0b11 | coherent | 1 << 6, 0x74).capable(Capability.DIRTY_TRACKING));
  }

  @Test
  void amdFlushesLaterUnlessItCachesWhatIsAbsent() {
    assertFalse(new AmdRegisters(0x29d3L, 0, 48).capable(Capability.DEFERRED_FLUSH));
    var hardware = new AmdRegisters(0x0040_640f, 0x29d3L, 0, 48);
    assertTrue(hardware.capable(Capability.DEFERRED_FLUSH));
    assertEquals("40640f\n", hardware.attributes().get("amd-iommu/cap"));
  }
}
