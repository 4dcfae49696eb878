// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.nesting;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Tests that need an SMMUv3 of which Linux makes virtual ones: {@code -Diommufd4j.iommu} says so,
 * of the simulated kernel and of the lab's. Elsewhere {@link ViommuTest} says what is answered.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("own-machine")
@EnabledIfSystemProperty(named = "iommufd4j.iommu", matches = OnVirtualSmmus.KIND)
public @interface OnVirtualSmmus {

  /** The IOMMU of which Linux makes virtual ones. */
  String KIND = "smmuv3-fwb";
}
