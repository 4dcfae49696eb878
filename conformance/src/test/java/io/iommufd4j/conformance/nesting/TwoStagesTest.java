// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.nesting;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** DMA through a guest's table and its memory, and what replaces what. */
@Conformance
@OnVirtualSmmus
final class TwoStagesTest {

  private static final long READ_HERE = FirstStage.address(0);
  private static final long WRITE_HERE = FirstStage.address(1);

  @Test
  void bothStagesTranslate(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    ok(guest.takeDevice());
    new FirstStage(guest).map(Guest.address(0), Guest.address(1));
    int nested = ok(guest.nested(FirstStage.entry(), 0));
    same(nested, guest.bound().device().attach(nested));
    assertEquals(Guest.TEXT, guest.copy(READ_HERE, WRITE_HERE));
    assertEquals(Guest.UNTOUCHED, guest.copy(READ_HERE, Guest.address(1)));
  }

  @Test
  void blocksTranslate(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    ok(guest.takeDevice());
    new FirstStage(guest).mapBlock();
    ok(guest.bound().device().attach(ok(guest.nested(FirstStage.entry(), 0))));
    long start = FirstStage.WINDOW + Guest.MEMORY;
    assertEquals(Guest.TEXT, guest.copy(start, start + UserPages.PAGE));
  }

  @Test
  void largePagesTranslate(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    ok(guest.takeDevice());
    new FirstStage(guest).mapLargePage();
    ok(guest.bound().device().attach(ok(guest.nested(FirstStage.entry(), 0))));
    assertEquals(Guest.TEXT, guest.copy(READ_HERE, WRITE_HERE));
  }

  @Test
  void replaceGoesFromStageToStage(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    ok(guest.takeDevice());
    new FirstStage(guest).map(Guest.address(0), Guest.address(1));
    OpenDevice device = guest.bound().device();
    int nested = ok(guest.nested(FirstStage.entry(), 0));
    int bypass = ok(guest.nested(FirstStage.VALID | FirstStage.BYPASS, 0));
    ok(device.attach(guest.parent()));
    assertEquals(Guest.TEXT, guest.copy(Guest.address(0), Guest.address(1)));
    ok(device.attach(nested));
    assertEquals(Guest.TEXT, guest.copy(READ_HERE, WRITE_HERE));
    ok(device.attach(bypass));
    assertEquals(Guest.TEXT, guest.copy(Guest.address(0), Guest.address(1)));
    ok(device.attach(nested));
    assertEquals(Guest.TEXT, guest.copy(READ_HERE, WRITE_HERE));
    ok(device.attach(guest.parent()));
    assertEquals(Guest.TEXT, guest.copy(Guest.address(0), Guest.address(1)));
  }

  @Test
  void abortedDmaReachesNothing(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    for (long word : new long[] {0, FirstStage.VALID | FirstStage.ABORT}) {
      ok(guest.bound().device().attach(ok(guest.nested(word, 0))));
      assertEquals(Guest.UNTOUCHED, guest.copy(Guest.address(0), Guest.address(1)));
    }
  }

  @Test
  void whatTheParentDoesNotMapIsNotReached(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    ok(guest.takeDevice());
    long nowhere = Guest.MEMORY + guest.pages().bytes();
    new FirstStage(guest).map(nowhere, Guest.address(1));
    ok(guest.bound().device().attach(ok(guest.nested(FirstStage.entry(), 0))));
    assertEquals(Guest.NOTHING, guest.copy(READ_HERE, WRITE_HERE));
  }

  @Test
  void changedTableHoldsOnceInvalidated(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    ok(guest.takeDevice());
    var table = new FirstStage(guest).map(Guest.address(7), Guest.address(1));
    ok(guest.bound().device().attach(ok(guest.nested(FirstStage.entry(), 0))));
    assertEquals(Guest.NOTHING, guest.copy(READ_HERE, WRITE_HERE));
    table.map(Guest.address(0), Guest.address(1));
    ok(guest.invalidate(SmmuCommands.ADDRESS, READ_HERE).answer());
    assertEquals(Guest.TEXT, guest.copy(READ_HERE, WRITE_HERE));
  }

  @Test
  void deviceOutsideTheGuestHasNoTableOfIts(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    new FirstStage(guest).map(Guest.address(0), Guest.address(1));
    OpenDevice device = guest.bound().device();
    int nested = ok(guest.nested(FirstStage.entry(), 0));
    refused(ENOENT, device.attach(nested));
    int bypass = ok(guest.nested(FirstStage.VALID | FirstStage.BYPASS, 0));
    ok(device.attach(bypass));
    assertEquals(Guest.TEXT, guest.copy(Guest.address(0), Guest.address(1)));
    refused(ENOENT, device.attach(nested));
    assertEquals(Guest.TEXT, guest.copy(Guest.address(0), Guest.address(1)));
  }

  @Test
  void takenDeviceKeepsItsTableWhenTheGuestLosesIt(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    int vdevice = ok(guest.takeDevice());
    new FirstStage(guest).map(Guest.address(0), Guest.address(1));
    OpenDevice device = guest.bound().device();
    int nested = ok(guest.nested(FirstStage.entry(), 0));
    ok(device.attach(nested));
    refused(EBUSY, guest.bound().iommufd().destroy(nested));
    ok(guest.bound().iommufd().destroy(vdevice));
    assertEquals(Guest.TEXT, guest.copy(READ_HERE, WRITE_HERE));
    ok(device.attach(nested));
    ok(device.attach(guest.parent()));
    refused(ENOENT, device.attach(nested));
  }

  @Test
  void stagesShareTheReservedRange(KernelUnderTest test) {
    Guest guest = Guest.of(test);
    ok(guest.takeDevice());
    new FirstStage(guest);
    ok(guest.bound().device().attach(ok(guest.nested(FirstStage.entry(), 0))));
    var ranges = test.arena().allocate(64);
    assertEquals(2, guest.bound().iommufd().iovaRanges(guest.ioas(), 4, ranges));
    var bounds = ranges.toArray(ValueLayout.JAVA_LONG);
    long[] secondStage = {0, 0x7ff_ffff, 0x810_0000, (1L << 44) - 1};
    for (int i = 0; i < secondStage.length; i++) {
      assertEquals(secondStage[i], bounds[i]);
    }
  }
}
