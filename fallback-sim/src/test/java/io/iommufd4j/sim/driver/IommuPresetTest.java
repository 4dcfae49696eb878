// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_PASID;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.hardware.Capability;
import io.iommufd4j.sim.iommu.hardware.HardwareInfo;
import io.iommufd4j.sim.iommu.hardware.ReservedRegion;
import io.iommufd4j.sim.lib.Refused;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Each preset answers as Linux 7.3.4 does on that IOMMU in QEMU. */
final class IommuPresetTest {

  private static final long VTD_CAP = 0xd2008c222f0686L;
  private static final long CACHING_MODE = 1 << 7;

  private static final int NEST = IOMMU_HWPT_ALLOC_NEST_PARENT();
  private static final int DIRTY = IOMMU_HWPT_ALLOC_DIRTY_TRACKING();
  private static final int PASID = IOMMU_HWPT_ALLOC_PASID();

  private static Set<Integer> accepted(IommuPreset preset, boolean dirty) {
    ModelDriver driver = preset.driver(dirty);
    var device = new IommuDevice("edu", driver, 0, false, true);
    var accepted = new TreeSet<Integer>();
    for (int flags = 0; flags < 32; flags++) {
      if ((flags & 4) != 0) {
        continue;
      }
      try {
        assertEquals(0, driver.allocPaging(device, flags).table().apertureFirst());
        accepted.add(flags);
      } catch (Refused refused) {
        assertEquals(Errno.EOPNOTSUPP, refused.errno());
      }
    }
    return accepted;
  }

  private static HardwareInfo info(IommuPreset preset, int type) {
    ModelDriver driver = preset.driver(false);
    return driver.hardwareInfo(new IommuDevice("edu", driver, 0, false, true), type);
  }

  @Test
  void flagsOfHwptAlloc() {
    assertEquals(Set.of(0, PASID), accepted(IommuPreset.VTD, false));
    assertEquals(Set.of(0), accepted(IommuPreset.AMD, false));
    assertEquals(Set.of(0), accepted(IommuPreset.VIRTIO, false));
    assertEquals(Set.of(0, NEST, PASID), accepted(IommuPreset.SMMUV3, false));
    assertEquals(Set.of(0, PASID), accepted(IommuPreset.VTD_SCALABLE, false));
    assertEquals(Set.of(0), accepted(IommuPreset.AMD_REMAP, false));
  }

  @Test
  void dirtyTrackingWhereTheMachineHasIt() {
    assertEquals(Set.of(0, PASID, DIRTY, DIRTY | PASID), accepted(IommuPreset.VTD, true));
    assertEquals(Set.of(0, DIRTY), accepted(IommuPreset.AMD, true));
    assertEquals(Set.of(0), accepted(IommuPreset.VIRTIO, true));
    assertTrue(IommuPreset.VTD.unit(true).capabilities().contains(Capability.DIRTY_TRACKING));
  }

  @Test
  void hardwareInfo() {
    HardwareInfo vtd = info(IommuPreset.VTD, 0);
    assertEquals(1, vtd.type());
    assertEquals(
        "010000000000000086062f228c00d2004a0ff00000000000", HexFormat.of().formatHex(vtd.data()));
    HardwareInfo amd = info(IommuPreset.AMD, 4);
    assertEquals(4, amd.type());
    assertEquals("d3290000000000000000000000000000", HexFormat.of().formatHex(amd.data()));
    HardwareInfo virtio = info(IommuPreset.VIRTIO, 3);
    assertEquals(0, virtio.type());
    assertEquals(0, virtio.data().length);
    assertEquals(2, info(IommuPreset.SMMUV3, 0).type());
  }

  @Test
  void hardwareInfoOfAnotherTypeIsRefused() {
    assertEquals(
        Errno.EOPNOTSUPP, assertThrows(Refused.class, () -> info(IommuPreset.VTD, 2)).errno());
    assertEquals(
        Errno.EOPNOTSUPP, assertThrows(Refused.class, () -> info(IommuPreset.AMD, 1)).errno());
  }

  @Test
  void aFirstStageHasItsOwnPagesAndAperture() {
    IommuRegisters scalable = IommuPreset.VTD_SCALABLE.unit(true).registers();
    assertEquals((1L << 47) - 1, scalable.apertureLast(0));
    assertEquals(0x4020_1000L, scalable.pageSizes(PASID));
    assertTrue(scalable.readsAll(0));
    // Dirty bits are the second stage's.
    assertEquals((1L << 48) - 1, scalable.apertureLast(DIRTY));
    assertFalse(scalable.readsAll(DIRTY));
    assertFalse(IommuPreset.VTD.unit(false).registers().readsAll(0));
    assertTrue(IommuPreset.SMMUV3.unit(false).registers().readsAll(0));
    assertFalse(IommuPreset.SMMUV3.unit(false).registers().readsAll(NEST));
  }

  @Test
  void sysfsShowsRegisters() {
    assertEquals(
        Map.of(
            "intel-iommu/cap",
            "81d2008c222f0686\n",
            "intel-iommu/ecap",
            "8d9a20f00f4e\n",
            "intel-iommu/version",
            "1:0\n"),
        IommuPreset.VTD_SCALABLE.unit(false).registers().attributes());
    assertEquals(
        Map.of("amd-iommu/cap", "1f03000f\n", "amd-iommu/features", "29d7:0\n"),
        IommuPreset.AMD_REMAP.unit(false).registers().attributes());
  }

  @Test
  void aperturesAndReservedRegions() {
    assertEquals((1L << 48) - 1, IommuPreset.VTD.unit(false).apertureLast());
    assertEquals((1L << 48) - 1, IommuPreset.AMD.unit(false).apertureLast());
    assertEquals(-1L, IommuPreset.AMD_REMAP.unit(false).apertureLast());
    assertEquals(-1L, IommuPreset.VIRTIO.unit(false).apertureLast());
    assertEquals(
        List.of(
            new ReservedRegion(0xfee00000L, 0xfeefffffL, ReservedRegion.Type.MSI),
            new ReservedRegion(0xfd00000000L, 0xffffffffffL, ReservedRegion.Type.RESERVED)),
        IommuPreset.AMD.unit(false).reserved());
    assertEquals(
        List.of(new ReservedRegion(0x8000000L, 0x80fffffL, ReservedRegion.Type.SW_MSI)),
        IommuPreset.SMMUV3.unit(false).reserved());
  }

  /** {@code init_dmars}: a guest's second stage, which a hypervisor shadows, is flushed at once. */
  @Test
  void flushesAreDeferredUnlessAHypervisorShadowsTheTables() {
    assertTrue(flushesLater(VTD_CAP & ~CACHING_MODE, 0xf00f4aL));
    assertFalse(flushesLater(VTD_CAP, 0xf00f4aL));
    long scalable = 1L << 43;
    long second = 1L << 46;
    long first = 1L << 47;
    assertFalse(flushesLater(VTD_CAP, scalable | second));
    assertTrue(flushesLater(VTD_CAP, scalable | first));
    assertTrue(flushesLater(VTD_CAP, scalable | first | second));
  }

  private static boolean flushesLater(long cap, long ecap) {
    return new VtdRegisters(cap, ecap).capable(Capability.DEFERRED_FLUSH);
  }
}
