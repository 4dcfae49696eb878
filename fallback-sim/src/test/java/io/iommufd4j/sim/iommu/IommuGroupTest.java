// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Groups of three devices, of which the driver refuses some. */
final class IommuGroupTest {

  private final RefusingDriver driver = new RefusingDriver();
  private final IommuGroup group = new IommuGroup(3);
  private final IommuDevice first = device("first");
  private final IommuDevice second = device("second");
  private final IommuDevice third = device("third");
  private final IommuDomain old = driver.domain("old");
  private final IommuDomain next = driver.domain("new");
  private final Object owner = new Object();

  private IommuDevice device(String name) {
    return new IommuDevice(name, driver, 16, true, true);
  }

  @BeforeEach
  void assemble() {
    group.add(first);
    group.add(second);
    group.add(third);
    driver.calls();
  }

  private void ownAndAttach() {
    group.claim(owner);
    group.attach(old, new AttachHandle());
    driver.calls();
  }

  private static void refuses(Errno errno, Executable call) {
    assertEquals(errno.name(), assertThrows(Refused.class, call).errno().name());
  }

  @Nested
  final class Ownership {

    @Test
    void everyDeviceStartsInTheDefaultDomain() {
      IommuDomain start = group.defaultDomain();
      assertSame(start, group.domain());
      assertSame(start, first.steered());
      assertSame(start, third.steered());
    }

    @Test
    void claimingBlocksDmaUntilTheOwnerAttaches() {
      group.claim(owner);
      assertTrue(group.owned());
      assertSame(driver.blockedDomain(), group.domain());
      assertNull(first.steered());
      assertNull(second.steered());
    }

    @Test
    void oneOwnerClaimsOnceForEachDevice() {
      group.claim(owner);
      group.claim(owner);
      refuses(Errno.EPERM, () -> group.claim(new Object()));
      group.release();
      assertTrue(group.owned());
      assertNull(first.steered());
      group.release();
      assertFalse(group.owned());
      assertSame(group.defaultDomain(), first.steered());
    }

    @Test
    void aGroupInUseByKernelDriversCannotBeClaimed() {
      group.useDefaultDomain();
      refuses(Errno.EPERM, () -> group.claim(owner));
      group.unuseDefaultDomain();
      group.claim(owner);
    }

    @Test
    void aGroupOwnedByAUserIsNotForKernelDrivers() {
      group.claim(owner);
      refuses(Errno.EBUSY, group::useDefaultDomain);
    }

    @Test
    void aGroupThatIsAttachedCannotBeClaimed() {
      group.attach(old, new AttachHandle());
      refuses(Errno.EBUSY, () -> group.claim(owner));
    }

    @Test
    void aClaimThatCannotBlockLeavesTheDefaultDomain() {
      driver.refuse(driver.blockedDomain(), second);
      refuses(Errno.EINVAL, () -> group.claim(owner));
      assertFalse(group.owned());
      assertSame(group.defaultDomain(), group.domain());
      assertSame(group.defaultDomain(), first.steered());
    }
  }

  @Nested
  final class Attach {

    @Test
    void attachMovesEveryDevice() {
      group.claim(owner);
      driver.calls();
      var handle = new AttachHandle();
      group.attach(old, handle);
      assertEquals(
          List.of("first: blocked -> old", "second: blocked -> old", "third: blocked -> old"),
          driver.calls());
      assertSame(old, third.steered());
      assertSame(handle, group.handle(IommuGroup.NO_PASID));
    }

    @Test
    void aGroupIsAttachedOnce() {
      ownAndAttach();
      refuses(Errno.EBUSY, () -> group.attach(next, new AttachHandle()));
      assertSame(old, first.steered());
    }

    @Test
    void anotherDriversDomainDoesNotFit() {
      group.claim(owner);
      IommuDomain foreign = new RefusingDriver().domain("foreign");
      refuses(Errno.EINVAL, () -> group.attach(foreign, new AttachHandle()));
    }

    @Test
    void anAttachThatFailsLeavesTheGroupAsItWas() {
      group.claim(owner);
      driver.refuse(old, third);
      driver.calls();
      refuses(Errno.EINVAL, () -> group.attach(old, new AttachHandle()));
      assertEquals(
          List.of(
              "first: blocked -> old",
              "second: blocked -> old",
              "third: blocked -> old !",
              "first: old -> blocked",
              "second: old -> blocked"),
          driver.calls());
      assertSame(driver.blockedDomain(), group.domain());
      assertNull(group.handle(IommuGroup.NO_PASID));
    }

    @Test
    void detachBlocksAnOwnedGroup() {
      ownAndAttach();
      group.detach();
      assertNull(first.steered());
      assertNull(group.handle(IommuGroup.NO_PASID));
      group.attach(next, new AttachHandle());
      assertSame(next, first.steered());
    }

    @Test
    void detachTriesEveryDeviceAndBlocksTheOneThatRefuses() {
      ownAndAttach();
      group.release();
      // Without an owner the core domain is the default one.
      group.replaceHandle(old, new AttachHandle());
      IommuDomain start = group.defaultDomain();
      assertSame(old, second.steered());
      driver.calls();
      driver.refuse(java.util.Objects.requireNonNull(start), second);
      group.detach();
      assertEquals(
          List.of(
              "first: old -> default",
              "second: old -> default !",
              "second: old -> blocked",
              "third: old -> default"),
          driver.calls());
      assertSame(start, group.domain());
      assertSame(start, first.steered());
      assertNull(second.steered());
      assertSame(start, third.steered());
    }
  }

  @Nested
  final class Replace {

    @Test
    void everyDeviceGoesFromOldToNewWithoutAStopBetween() {
      ownAndAttach();
      group.replaceDomain(next);
      assertEquals(
          List.of("first: old -> new", "second: old -> new", "third: old -> new"), driver.calls());
      assertSame(next, group.domain());
      assertSame(next, first.steered());
      assertSame(next, third.steered());
    }

    @Test
    void theSameDomainAgainIsNothingBeforeAnyDriverCall() {
      ownAndAttach();
      driver.refuse(old, first);
      group.replaceDomain(old);
      assertEquals(List.of(), driver.calls());
    }

    @Test
    void theSameDomainAgainLeavesAFreshHandle() {
      ownAndAttach();
      AttachHandle before = group.handle(IommuGroup.NO_PASID);
      var handle = new AttachHandle();
      group.replaceHandle(old, handle);
      assertNotSame(before, group.handle(IommuGroup.NO_PASID));
      assertSame(handle, group.handle(IommuGroup.NO_PASID));
      assertEquals(List.of(), driver.calls());
    }

    @Test
    void noDomainAndNoHandleAreRefused() {
      ownAndAttach();
      refuses(Errno.EINVAL, () -> group.replaceDomain(null));
      refuses(Errno.EINVAL, () -> group.replaceHandle(null, new AttachHandle()));
      refuses(Errno.EINVAL, () -> group.replaceHandle(next, null));
      assertEquals(List.of(), driver.calls());
      assertSame(old, group.domain());
    }

    @Test
    void outOfTheDefaultDomainItIsAnAttach() {
      group.replaceDomain(next);
      assertEquals(
          List.of("first: default -> new", "second: default -> new", "third: default -> new"),
          driver.calls());
      assertSame(next, first.steered());
    }

    @Test
    void outOfTheBlockingDomainItIsAnAttach() {
      group.claim(owner);
      driver.calls();
      group.replaceHandle(next, new AttachHandle());
      assertEquals(
          List.of("first: blocked -> new", "second: blocked -> new", "third: blocked -> new"),
          driver.calls());
      refuses(Errno.EBUSY, () -> group.attach(old, new AttachHandle()));
    }

    @Test
    void theFirstDeviceThatRefusesEndsItWithNothingToTurnBack() {
      ownAndAttach();
      driver.refuse(next, first);
      refuses(Errno.EINVAL, () -> group.replaceDomain(next));
      assertEquals(List.of("first: old -> new !"), driver.calls());
      assertSame(old, group.domain());
    }

    @Test
    void devicesAlreadySwitchedAreTurnedBackAndTheOneThatRefusedIsNot() {
      ownAndAttach();
      driver.refuse(next, third);
      refuses(Errno.EINVAL, () -> group.replaceDomain(next));
      assertEquals(
          List.of(
              "first: old -> new",
              "second: old -> new",
              "third: old -> new !",
              "first: new -> old",
              "second: new -> old"),
          driver.calls());
      assertSame(old, group.domain());
      assertSame(old, first.steered());
      assertSame(old, second.steered());
    }

    @Test
    void aDeviceThatRefusesToTurnBackIsBlocked() {
      ownAndAttach();
      driver.refuse(next, third);
      driver.refuse(old, first);
      refuses(Errno.EINVAL, () -> group.replaceDomain(next));
      assertEquals(
          List.of(
              "first: old -> new",
              "second: old -> new",
              "third: old -> new !",
              "first: new -> old !",
              "first: new -> blocked",
              "second: new -> old"),
          driver.calls());
      assertNull(first.steered());
      assertSame(old, second.steered());
    }

    @Test
    void aFailedReplaceKeepsTheHandle() {
      ownAndAttach();
      AttachHandle before = group.handle(IommuGroup.NO_PASID);
      driver.refuse(next, second);
      refuses(Errno.EINVAL, () -> group.replaceHandle(next, new AttachHandle()));
      assertSame(before, group.handle(IommuGroup.NO_PASID));
    }

    @Test
    void aGroupOfTwoTurnsItsFirstDeviceBack() {
      var pair = new IommuGroup(4);
      IommuDevice left = device("left");
      IommuDevice right = device("right");
      pair.add(left);
      pair.add(right);
      pair.replaceDomain(old);
      driver.refuse(next, right);
      driver.calls();
      refuses(Errno.EINVAL, () -> pair.replaceDomain(next));
      assertEquals(
          List.of("left: old -> new", "right: old -> new !", "left: new -> old"), driver.calls());
      driver.allow(next, right);
      pair.replaceDomain(next);
      assertSame(next, left.steered());
      assertSame(next, right.steered());
    }
  }

  @Nested
  final class Reset {

    @Test
    void aDeviceUnderResetIsBlockedAndItsGroupRefusesChanges() {
      ownAndAttach();
      group.beginReset(second);
      assertSame(old, first.steered());
      assertNull(second.steered());
      refuses(Errno.EBUSY, () -> group.replaceDomain(next));
      refuses(Errno.EBUSY, () -> group.replaceHandle(next, new AttachHandle()));
      assertSame(old, group.domain());
      group.endReset(second);
      assertSame(old, second.steered());
      group.replaceDomain(next);
      assertSame(next, second.steered());
    }

    @Test
    void theSameDomainAgainIsFineUnderReset() {
      ownAndAttach();
      group.beginReset(second);
      group.replaceDomain(old);
      group.endReset(second);
    }

    @Test
    void detachSkipsTheBlockedDevice() {
      ownAndAttach();
      group.release();
      group.replaceDomain(old);
      group.beginReset(second);
      driver.calls();
      group.detach();
      assertEquals(List.of("first: old -> default", "third: old -> default"), driver.calls());
      assertNull(second.steered());
      group.endReset(second);
      assertSame(group.defaultDomain(), second.steered());
    }

    @Test
    void resetsNest() {
      ownAndAttach();
      group.beginReset(first);
      group.beginReset(first);
      group.endReset(first);
      assertNull(first.steered());
      refuses(Errno.EBUSY, () -> group.replaceDomain(next));
      group.endReset(first);
      assertSame(old, first.steered());
    }

    @Test
    void aDeviceWithoutAtsIsNotTouched() {
      var alone = new IommuGroup(5);
      var plain = new IommuDevice("plain", driver, 0, false, true);
      alone.add(plain);
      alone.replaceDomain(old);
      alone.beginReset(plain);
      assertSame(old, plain.steered());
      alone.replaceDomain(next);
      alone.endReset(plain);
      assertSame(next, plain.steered());
    }
  }

  @Nested
  final class Pasids {

    private static final int PASID = 5;

    @Test
    void aPasidHasItsOwnTranslation() {
      ownAndAttach();
      group.attachPasid(first, PASID, next, new AttachHandle());
      assertSame(old, first.steered());
      assertSame(next, first.steered(PASID));
      assertSame(next, third.steered(PASID));
      group.detachPasid(PASID);
      assertNull(first.steered(PASID));
    }

    @Test
    void replacingAPasidKeepsTheOldDomainWhenADeviceRefuses() {
      ownAndAttach();
      group.attachPasid(first, PASID, old, new AttachHandle());
      driver.refuse(next, second);
      refuses(Errno.EINVAL, () -> group.replacePasid(first, PASID, next, new AttachHandle()));
      assertSame(old, first.steered(PASID));
      assertSame(old, second.steered(PASID));
      driver.allow(next, second);
      group.replacePasid(first, PASID, next, new AttachHandle());
      assertSame(next, second.steered(PASID));
    }

    @Test
    void refusals() {
      ownAndAttach();
      var handle = new AttachHandle();
      refuses(Errno.EINVAL, () -> group.attachPasid(first, IommuGroup.NO_PASID, next, handle));
      refuses(Errno.EINVAL, () -> group.attachPasid(first, 16, next, handle));
      refuses(Errno.EINVAL, () -> group.replacePasid(first, PASID, next, handle));
      group.attachPasid(first, PASID, next, handle);
      refuses(Errno.EBUSY, () -> group.attachPasid(first, PASID, old, handle));
      group.beginReset(first);
      refuses(Errno.EBUSY, () -> group.attachPasid(first, 6, old, handle));
      refuses(Errno.EBUSY, () -> group.replacePasid(first, PASID, old, handle));
      assertNull(first.steered(PASID));
      assertSame(next, second.steered(PASID));
      group.endReset(first);
      assertSame(next, first.steered(PASID));
      refuses(Errno.EOPNOTSUPP, () -> group.attachPasid(first, 6, driver.blockedDomain(), handle));
    }
  }
}
