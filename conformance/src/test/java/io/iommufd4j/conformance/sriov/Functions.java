// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.sriov;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.sriov.PhysicalFunction.TOKEN;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.pci.PciAddress;

/** A physical function and its two virtual ones, all open on one iommufd. */
record Functions(
    PhysicalFunction function, BoundDevice physical, BoundDevice first, BoundDevice second) {

  static Functions open(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.with(2, test);
    OpenIommufd iommufd = test.iommufd();
    return new Functions(
        function,
        bind(test, iommufd, function.address()),
        bind(test, iommufd, function.virtual(0)),
        bind(test, iommufd, function.virtual(1)));
  }

  /** Binds one of them, the physical one first: that sets the token. */
  static BoundDevice bind(KernelUnderTest test, OpenIommufd iommufd, PciAddress address) {
    OpenDevice device = test.device(address);
    return new BoundDevice(iommufd, device, ok(device.bind(iommufd, TOKEN)));
  }

  OpenIommufd iommufd() {
    return physical.iommufd();
  }
}
