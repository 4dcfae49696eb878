// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.hints;

import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.LinuxRelease;

/** The release of the kernel under test: it answers requests of later releases differently. */
record Release(LinuxRelease number) {

  static Release of(Kernel kernel) {
    return new Release(LinuxRelease.parse(kernel.identity().release()).orElseThrow());
  }

  boolean before(int major, int minor) {
    return new LinuxRelease(major, minor).after(number);
  }
}
