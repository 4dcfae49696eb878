// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.container;

import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENODEV;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.PciAddress;
import org.junit.jupiter.api.Test;

/** Hot reset on a root bus, which nothing resets: what is checked before that shows. */
@Conformance
final class HotResetTest {

  private static RequestBlock reset(OpenDevice device, int groups) {
    return device.block(Request.VFIO_DEVICE_PCI_HOT_RESET, 16).set("count", groups);
  }

  @Test
  void groupsAreForDevicesFromGroups(KernelUnderTest test) {
    PciAddress address = test.machine().lone().getFirst();
    OpenDevice device = VfioGroupTest.ready(test, address).device(address);
    refused(EINVAL, device.ioctl(reset(device, 0)));
    refused(ENODEV, device.ioctl(reset(device, 1)));
    refused(ENODEV, device.ioctl(reset(device, 1000)));
    refused(EINVAL, device.ioctl(reset(device, 1).set("flags", 1)));
    refused(EINVAL, device.ioctl(reset(device, 1).size(11)));
    refused(ENODEV, device.ioctl(device.block(Request.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO)));
  }

  @Test
  void deviceOfItsOwnNodeNamesNone(KernelUnderTest test) {
    OpenDevice device = test.bound(test.machine().lone().getFirst()).device();
    refused(ENODEV, device.ioctl(reset(device, 0)));
    refused(EINVAL, device.ioctl(reset(device, 1)));
    refused(ENODEV, device.ioctl(device.block(Request.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO)));
  }
}
