// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.noiommu;

import io.iommufd4j.differential.MachineUnderTest;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Tests that need a machine without an IOMMU whose VFIO was set to work without one ({@code
 * vfio.enable_unsafe_noiommu_mode=1}): {@code -Diommufd4j.iommu} says so, of the simulated kernel
 * and of the lab's.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("own-machine")
@EnabledIfSystemProperty(named = "iommufd4j.iommu", matches = MachineUnderTest.NO_IOMMU)
@interface WithoutIommu {}
