// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.Iommufd;
import io.iommufd4j.kernel.Kernel;
import org.junit.jupiter.api.Test;

/** The extension as a module: JUnit makes it by reflection. */
@SimulatedMachine("single:vtd")
class ModulePathIT {

  @Test
  void aTestHasItsKernel(Kernel kernel, Iommufd iommufd) {
    assertEquals("io.iommufd4j.junit", SimulatedMachine.class.getModule().getName());
    assertEquals("single:vtd", kernel.identity().toString().replaceAll(".*\\(|\\).*", ""));
    iommufd.newIoas().close();
  }
}
