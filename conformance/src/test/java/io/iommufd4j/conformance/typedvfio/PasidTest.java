// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typedvfio;

import static io.iommufd4j.conformance.typedvfio.Refusal.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iommufd4j.Ioas;
import io.iommufd4j.conformance.DriverAnswers;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.Needs;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.vfio.AttachOutcome;
import io.iommufd4j.vfio.VfioDevice;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * PASIDs by the typed API. VT-d and SMMUv3 attach those of any device; a lab's devices send no DMA
 * with one.
 */
@Conformance
final class PasidTest {

  private static final int PASID = 5;

  /** A HWPT for PASIDs; empty where the IOMMU has none. */
  private static Optional<HwptId> hwpt(KernelUnderTest test, EduDevice edu) {
    Ioas ioas = edu.iommufd().newIoas();
    if (DriverAnswers.of(test, "HWPT_ALLOC PASID") < 0) {
      refused(
          Errno.EOPNOTSUPP,
          () -> edu.iommufd().newHwpt(edu.device(), ioas, Set.of(HwptFlag.PASID)));
      return Optional.empty();
    }
    return Optional.of(edu.iommufd().newHwpt(edu.device(), ioas, Set.of(HwptFlag.PASID)).id());
  }

  @Test
  void pasidIsAttachedReplacedAndDetached(KernelUnderTest test) {
    EduDevice edu = EduDevice.of(test);
    VfioDevice device = edu.device();
    Optional<HwptId> one = hwpt(test, edu);
    Optional<HwptId> other = hwpt(test, edu);
    if (one.isEmpty() || other.isEmpty()) {
      return;
    }
    device.replace(one.get());
    assertEquals(one.get(), device.attachPasid(PASID, one.get()));
    assertEquals(one, device.attachedPasid(PASID));
    assertEquals(Optional.empty(), device.attachedPasid(PASID + 1));
    assertEquals(other.get(), device.replacePasid(PASID, other.get()));
    assertEquals(new AttachOutcome.Attached(one.get()), device.tryReplacePasid(PASID, one.get()));
    assertEquals(
        new AttachOutcome.Attached(other.get()), device.tryAttachPasid(PASID + 1, other.get()));
    assertThrows(IllegalStateException.class, () -> device.attachPasid(PASID, one.get()));
    device.detachPasid(PASID);
    assertEquals(Optional.empty(), device.attachedPasid(PASID));
    assertEquals(other, device.attachedPasid(PASID + 1));
  }

  @Test
  void pageTableWithoutPasidsIsNotAttachedByOne(KernelUnderTest test) {
    Needs.PASIDS.of(test);
    EduDevice edu = EduDevice.of(test);
    VfioDevice device = edu.device();
    var hwpt = edu.iommufd().newHwpt(device, edu.iommufd().newIoas()).id();
    refused(Errno.EINVAL, () -> device.attachPasid(PASID, hwpt));
    var refused = assertInstanceOf(AttachOutcome.Refused.class, device.tryAttachPasid(PASID, hwpt));
    assertInstanceOf(AttachOutcome.Incompatible.class, refused);
    assertEquals(Errno.EINVAL, refused.cause().errno());
    assertInstanceOf(
        AttachOutcome.NoSuchPageTable.class, device.tryAttachPasid(PASID, new HwptId(999)));
    assertEquals(Optional.empty(), device.attachedPasid(PASID));
  }

  @Test
  void onlyAnAttachedPasidIsReplacedOrDetached(KernelUnderTest test) {
    EduDevice edu = EduDevice.of(test);
    VfioDevice device = edu.device();
    var hwpt = edu.iommufd().newHwpt(device, edu.iommufd().newIoas()).id();
    assertThrows(IllegalStateException.class, () -> device.replacePasid(PASID, hwpt));
    assertThrows(IllegalStateException.class, () -> device.tryReplacePasid(PASID, hwpt));
    assertThrows(IllegalStateException.class, () -> device.detachPasid(PASID));
    assertThrows(IllegalArgumentException.class, () -> device.attachPasid(0, hwpt));
    assertThrows(IllegalArgumentException.class, () -> device.attachPasid(1 << 20, hwpt));
    assertThrows(IllegalArgumentException.class, () -> device.attachedPasid(-1));
  }
}
