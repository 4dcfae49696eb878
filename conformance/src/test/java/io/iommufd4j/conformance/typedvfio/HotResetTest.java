// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typedvfio;

import static io.iommufd4j.conformance.typedvfio.Refusal.refused;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.vfio.reset.HotReset;
import org.junit.jupiter.api.Test;

/** A device on a root bus, which nothing resets. */
@Conformance
final class HotResetTest {

  @Test
  void rootBusIsNotReset(KernelUnderTest test) {
    HotReset reset = EduDevice.of(test).device().hotReset();
    var refused = refused(Errno.ENODEV, reset::info);
    assertTrue(refused.hint().contains("as on a root bus"), refused.hint());
    refused(Errno.ENODEV, reset::reset);
    refused(Errno.EINVAL, () -> reset.resetWithGroups(-1));
  }
}
