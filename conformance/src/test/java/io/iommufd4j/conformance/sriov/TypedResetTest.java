// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.sriov;

import static io.iommufd4j.conformance.typedvfio.Refusal.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.Iommufd;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.vfio.VfioDevice;
import io.iommufd4j.vfio.feature.Feature;
import io.iommufd4j.vfio.feature.FeatureSupport;
import io.iommufd4j.vfio.reset.AffectedDevice;
import io.iommufd4j.vfio.reset.AffectedDevice.NotOwned;
import io.iommufd4j.vfio.reset.HotResetInfo;
import org.junit.jupiter.api.Test;

/** A bus on which virtual functions keep each other from resetting all. */
@Conformance
@OnSriovMachines
final class TypedResetTest {

  @Test
  void devicesOfOthersAreNamed(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.with(1, test);
    try (var iommufd = Iommufd.open(test.kernel());
        var physical = VfioDevice.open(test.kernel(), function.address())) {
      physical.bind(iommufd);
      HotResetInfo info = physical.hotReset().info();
      assertFalse(info.owned());
      assertEquals(
          new AffectedDevice(function.virtual(0), new NotOwned()), info.devices().getLast());
      var refused = refused(Errno.EINVAL, physical.hotReset()::reset);
      assertTrue(refused.hint().endsWith(function.virtual(0).toString()), refused.hint());
      assertEquals(
          new FeatureSupport(false, true), physical.features().probe(Feature.PCI_VF_TOKEN));
    }
  }
}
