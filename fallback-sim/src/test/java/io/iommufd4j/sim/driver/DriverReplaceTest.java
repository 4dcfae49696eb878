// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.AttachHandle;
import io.iommufd4j.sim.iommu.DomainType;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuDomain;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.lib.Refused;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The translation of a device's DMA before, during and after a replace, on each kind of driver. */
final class DriverReplaceTest {

  private static final IommuUnit WIDE = IommuPreset.VTD.unit(false);
  private static final IommuUnit NARROW = WIDE.withAperture("dmar1", (1L << 39) - 1);

  /** The domain of DMA each time the driver waited for hardware, as the driver reports it. */
  private final List<String> windows = new ArrayList<>();

  private ModelDriver invalidEntryInBetween() {
    return new ArmSmmuV3(WIDE) {
      @Override
      protected void awaitFlush(IommuDevice device) {
        windows.add(device + " in " + device.steered());
      }
    };
  }

  private ModelDriver blockingWindow() {
    return new AmdIommu(WIDE) {
      @Override
      protected void awaitFlush(IommuDevice device) {
        windows.add(device + " in " + device.steered());
      }
    };
  }

  private ModelDriver blockingWindowForOneIommu() {
    return new VirtioIommu(WIDE) {
      @Override
      protected void awaitFlush(IommuDevice device) {
        windows.add(device + " in " + device.steered());
      }
    };
  }

  private ModelDriver blocksOnFailure() {
    return new IntelVtd(WIDE) {
      @Override
      protected void awaitFlush(IommuDevice device) {
        windows.add(device + " in " + device.steered());
      }
    };
  }

  private static IommuDevice device(ModelDriver driver, String name) {
    return new IommuDevice(name, driver, 8, false, true);
  }

  private IommuGroup attached(PagingDomain to, IommuDevice... devices) {
    var group = new IommuGroup(0);
    for (IommuDevice device : devices) {
      group.add(device);
    }
    group.claim(this);
    group.attach(to, new AttachHandle());
    windows.clear();
    return group;
  }

  private static void refuses(Errno errno, Runnable call) {
    Refused refused = assertThrows(Refused.class, call::run);
    assertEquals(errno.name(), refused.errno().name());
  }

  @Test
  void anEntryOfMoreThanOneWordIsInvalidInBetween() {
    ModelDriver driver = invalidEntryInBetween();
    IommuDevice device = device(driver, "edu");
    PagingDomain old = driver.allocPaging(device, 0);
    PagingDomain next = driver.allocPaging(device, 0);
    IommuGroup group = attached(old, device);
    group.replaceDomain(next);
    assertEquals(List.of("edu in null"), windows);
    assertSame(next, device.steered());
  }

  @Test
  void blockingWindowDropsDmaInBetween() {
    ModelDriver driver = blockingWindow();
    IommuDevice device = device(driver, "edu");
    PagingDomain next = driver.allocPaging(device, 0);
    IommuGroup group = attached(driver.allocPaging(device, 0), device);
    group.replaceDomain(next);
    assertEquals(List.of("edu in null"), windows);
    assertSame(next, device.steered());
  }

  @Test
  void blocksOnFailureDropsDmaInBetween() {
    ModelDriver driver = blocksOnFailure();
    IommuDevice device = device(driver, "edu");
    PagingDomain next = driver.allocPaging(device, 0);
    IommuGroup group = attached(driver.allocPaging(device, 0), device);
    group.replaceDomain(next);
    assertEquals(List.of("edu in null"), windows);
    assertSame(next, device.steered());
  }

  @Test
  void anEntryStaysWhenTheNewDomainDoesNotFit() {
    ModelDriver driver = invalidEntryInBetween();
    IommuDevice device = device(driver, "edu");
    IommuDevice elsewhere = device(driver, "elsewhere");
    driver.place(elsewhere, NARROW);
    PagingDomain old = driver.allocPaging(device, 0);
    IommuGroup group = attached(old, device);
    refuses(Errno.EINVAL, () -> group.replaceDomain(driver.allocPaging(elsewhere, 0)));
    assertSame(old, device.steered());
    assertSame(old, group.domain());
  }

  @Test
  void blockingWindowChecksBeforeItDetaches() {
    ModelDriver driver = blockingWindowForOneIommu();
    IommuDevice device = device(driver, "edu");
    IommuDevice elsewhere = device(driver, "elsewhere");
    driver.place(elsewhere, NARROW);
    PagingDomain old = driver.allocPaging(device, 0);
    IommuGroup group = attached(old, device);
    refuses(Errno.EINVAL, () -> group.replaceDomain(driver.allocPaging(elsewhere, 0)));
    assertEquals(List.of(), windows);
    assertSame(old, device.steered());
  }

  @Test
  void blocksOnFailureLeavesTheDeviceBlocked() {
    ModelDriver driver = blocksOnFailure();
    IommuDevice device = device(driver, "edu");
    driver.place(device, NARROW);
    IommuDevice elsewhere = device(driver, "elsewhere");
    PagingDomain old = driver.allocPaging(device, 0);
    IommuGroup group = attached(old, device);
    refuses(Errno.EINVAL, () -> group.replaceDomain(driver.allocPaging(elsewhere, 0)));
    assertNull(device.steered());
    assertSame(old, group.domain(), "the group believes nothing has changed");
    group.replaceDomain(old);
    assertNull(device.steered(), "and so does the same domain again");
  }

  @Test
  void blocksOnFailureTurnsBackWhoeverSwitchedBefore() {
    ModelDriver driver = blocksOnFailure();
    driver.identityByDefault(true);
    IommuDevice wide = device(driver, "wide");
    IommuDevice narrow = device(driver, "narrow");
    driver.place(narrow, NARROW);
    PagingDomain old = driver.allocPaging(narrow, 0);
    IommuGroup group = attached(old, wide, narrow);
    refuses(Errno.EINVAL, () -> group.replaceDomain(driver.allocPaging(wide, 0)));
    assertSame(old, wide.steered());
    assertNull(narrow.steered());
    assertEquals(List.of("wide in null", "narrow in null", "wide in null"), windows);
  }

  @Test
  void aNarrowDomainServesAWideIommuWhereTheDriverSharesDomains() {
    ModelDriver driver = blocksOnFailure();
    IommuDevice wide = device(driver, "wide");
    IommuDevice narrow = device(driver, "narrow");
    driver.place(narrow, NARROW);
    PagingDomain shared = driver.allocPaging(narrow, 0);
    IommuGroup group = attached(driver.allocPaging(wide, 0), wide);
    group.replaceDomain(shared);
    assertSame(shared, wide.steered());
  }

  @Test
  void aDomainWithDirtyTrackingNeedsHardwareThatTracks() {
    ModelDriver driver = IommuPreset.AMD.driver(true);
    IommuDevice tracks = device(driver, "tracks");
    IommuDevice plain = device(driver, "plain");
    driver.place(plain, IommuPreset.AMD.unit(false));
    PagingDomain tracking = driver.allocPaging(tracks, iommufd_h.IOMMU_HWPT_ALLOC_DIRTY_TRACKING());
    assertTrue(tracking.tracksDirty());
    IommuGroup group = attached(driver.allocPaging(plain, 0), plain);
    refuses(Errno.EINVAL, () -> group.replaceDomain(tracking));
  }

  @ParameterizedTest
  @EnumSource(IommuPreset.class)
  void aForeignDomainIsRefusedByEveryDriver(IommuPreset preset) {
    ModelDriver driver = preset.driver(false);
    IommuDevice device = device(driver, "edu");
    IommuDevice foreign = device(preset.driver(false), "foreign");
    PagingDomain old = driver.allocPaging(device, 0);
    IommuGroup group = attached(old, device);
    IommuDomain theirs = foreign.driver().allocPaging(foreign, 0);
    refuses(Errno.EINVAL, () -> group.replaceDomain(theirs));
    assertSame(old, group.domain());
  }

  @ParameterizedTest
  @EnumSource(IommuPreset.class)
  void groupsCanStartInAnIdentityDomain(IommuPreset preset) {
    ModelDriver driver = preset.driver(false);
    driver.identityByDefault(true);
    IommuDevice device = device(driver, "edu");
    var group = new IommuGroup(0);
    group.add(device);
    IommuDomain start = group.defaultDomain();
    assertNotNull(start);
    assertEquals(DomainType.IDENTITY, start.type());
    assertEquals(0x1234, start.translate(0x1234, true));
    assertSame(start, device.steered());
  }

  @Test
  void withoutABlockedDomainAnEmptyOneBlocks() {
    ModelDriver driver = IommuPreset.VIRTIO.driver(false);
    assertNull(driver.blockedDomain());
    IommuDevice device = device(driver, "edu");
    var group = new IommuGroup(0);
    group.add(device);
    group.claim(this);
    IommuDomain empty = device.steered();
    assertNotNull(empty);
    assertEquals(IommuDomain.FAULT, empty.translate(0x1000, false));
  }

  @Test
  void pasidsAreSwitchedInOneStore() {
    ModelDriver driver = IommuPreset.SMMUV3.driver(false);
    IommuDevice device = device(driver, "edu");
    int pasid = iommufd_h.IOMMU_HWPT_ALLOC_PASID();
    PagingDomain old = driver.allocPaging(device, pasid);
    PagingDomain next = driver.allocPaging(device, pasid);
    IommuGroup group = attached(driver.allocPaging(device, pasid), device);
    group.attachPasid(device, 3, old, new AttachHandle());
    group.replacePasid(device, 3, next, new AttachHandle());
    assertSame(next, device.steered(3));
    PagingDomain parent = driver.allocPaging(device, iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT());
    refuses(Errno.EINVAL, () -> group.replacePasid(device, 3, parent, new AttachHandle()));
    assertSame(next, device.steered(3));
  }

  @Test
  void amdAndVirtioHaveNoPasids() {
    for (IommuPreset preset : List.of(IommuPreset.AMD, IommuPreset.VIRTIO)) {
      ModelDriver driver = preset.driver(false);
      IommuDevice device = device(driver, "edu");
      PagingDomain domain = driver.allocPaging(device, 0);
      IommuGroup group = attached(domain, device);
      refuses(Errno.EOPNOTSUPP, () -> group.attachPasid(device, 3, domain, new AttachHandle()));
    }
  }
}
