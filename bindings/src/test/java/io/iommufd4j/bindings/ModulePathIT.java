// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.iommufd4j.bindings.iommufd.iommu_ioas_map;
import io.iommufd4j.bindings.libc.pollfd;
import java.lang.module.ModuleDescriptor.Exports;
import org.junit.jupiter.api.Test;

/** The bindings as a module. */
class ModulePathIT {

  private final Module module = iommu_ioas_map.class.getModule();

  @Test
  void layoutsAreThere() {
    assertEquals("io.iommufd4j.bindings", module.getName());
    assertEquals(40, iommu_ioas_map.layout().byteSize());
    assertEquals(8, pollfd.layout().byteSize());
  }

  @Test
  void nobodyElseSeesThem() {
    for (Exports exports : module.getDescriptor().exports()) {
      assertFalse(exports.targets().isEmpty(), exports.source() + " is exported to everybody");
    }
  }
}
