// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typed;

import static io.iommufd4j.conformance.Answers.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.Hwpt;
import io.iommufd4j.Viommu;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.data.InvalidateOutcome;
import io.iommufd4j.data.Invalidation;
import io.iommufd4j.data.InvalidationBlock;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Invalidations of nested HWPTs and of vIOMMUs, and how many were handled. */
@Conformance
final class InvalidateTest {

  private static final int OF_HWPT = selftest_h.IOMMU_HWPT_INVALIDATE_DATA_SELFTEST();
  private static final int OF_VIOMMU = selftest_h.IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST();
  private static final int BAD_FLAG = 2;
  private static final int VIRTUAL_ID = 0x99;

  private static Invalidation entry(KernelUnderTest test, int type, int... words) {
    return new Invalidation.Raw(type, test.arena().allocateFrom(ValueLayout.JAVA_INT, words));
  }

  @Test
  void entriesOfANestedHwpt(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      Hwpt nested = setup.nested(setup.parent().id());
      var block =
          InvalidationBlock.of(
              entry(test, OF_HWPT, 0, 0),
              entry(test, OF_HWPT, BAD_FLAG, 1),
              entry(test, OF_HWPT, 0, 2));
      assertEquals(OF_HWPT, block.type());
      assertEquals(8, block.entryBytes());
      assertEquals(3, block.count());
      var refused = assertInstanceOf(InvalidateOutcome.Refused.class, nested.tryInvalidate(block));
      assertEquals(1, refused.handled());
      assertEquals(Errno.EOPNOTSUPP, refused.cause().errno());
      ok(setup.mock().checkIotlb(nested.id().value(), 0, 0));
      ok(setup.mock().checkIotlb(nested.id().value(), 1, MockSetup.CACHED));

      block.set(1, entry(test, OF_HWPT, 0, 1));
      assertEquals(new InvalidateOutcome.Done(3), nested.tryInvalidate(block));
      ok(setup.mock().checkIotlb(nested.id().value(), 2, 0));
      nested.invalidate(InvalidationBlock.of(List.of(entry(test, OF_HWPT, 0, 3))));
      setup.mock().allIotlbs(nested.id().value(), 0);
    }
  }

  @Test
  void refusalSaysHowManyWereHandled(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      Hwpt nested = setup.nested(setup.parent().id());
      var block =
          InvalidationBlock.of(entry(test, OF_HWPT, 0, 0), entry(test, OF_HWPT, BAD_FLAG, 1));
      var refused = assertThrows(KernelException.class, () -> nested.invalidate(block));
      assertTrue(refused.hint().startsWith("1 of 2 entries were handled"), refused.hint());
      var plain = setup.iommufd().newHwpt(setup.id(), setup.ioas().id(), java.util.Set.of());
      assertEquals(
          Errno.EINVAL, assertThrows(KernelException.class, () -> plain.invalidate(block)).errno());
    }
  }

  @Test
  void noEntriesAskForTheFormat(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      Hwpt nested = setup.nested(setup.parent().id());
      nested.invalidate(InvalidationBlock.probe(OF_HWPT));
      var unknown = InvalidationBlock.probe(OF_HWPT + 1);
      assertEquals(
          Errno.EINVAL,
          assertThrows(KernelException.class, () -> nested.invalidate(unknown)).errno());
      var ofVtd = InvalidationBlock.of(Invalidation.VtdFirstStage.everything());
      assertEquals(
          Errno.EINVAL,
          assertThrows(KernelException.class, () -> nested.invalidate(ofVtd)).errno());
    }
  }

  @Test
  void commandsOfAViommu(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      Viommu viommu = setup.viommu(setup.parent());
      viommu.newVdevice(setup.id(), VIRTUAL_ID);
      var good = entry(test, OF_VIOMMU, 0, VIRTUAL_ID, 0);
      viommu.invalidate(InvalidationBlock.of(good));
      ok(setup.mock().checkCache(setup.id().value(), 0, 0));
      var stranger = entry(test, OF_VIOMMU, 0, VIRTUAL_ID + 1, 1);
      var outcome = viommu.tryInvalidate(InvalidationBlock.of(good, stranger));
      assertEquals(1, outcome.handled());
      assertEquals(
          Errno.EINVAL, assertInstanceOf(InvalidateOutcome.Refused.class, outcome).cause().errno());
    }
  }

  @Test
  void blockHasEntriesOfOneFormat(KernelUnderTest test) {
    var command = Invalidation.SmmuV3.everything();
    var block = InvalidationBlock.of(command);
    assertEquals(0x30, block.memory().get(ValueLayout.JAVA_LONG, 0));
    block.set(0, Invalidation.SmmuV3.addressSpace(3));
    assertEquals(0x11 | 3L << 48, block.memory().get(ValueLayout.JAVA_LONG, 0));
    assertThrows(
        IllegalArgumentException.class,
        () -> block.set(0, Invalidation.VtdFirstStage.everything()));
    assertThrows(
        IllegalArgumentException.class,
        () -> InvalidationBlock.of(command, entry(test, OF_HWPT, 0, 0)));
    assertThrows(IllegalArgumentException.class, () -> InvalidationBlock.of(List.of()));
    assertThrows(IndexOutOfBoundsException.class, () -> block.set(1, command));
  }
}
