// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.extension;

import io.iommufd4j.conformance.KernelUnderTest;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Tests that hold on every kernel. They take a {@link KernelUnderTest}: the host's own kernel with
 * {@code -Diommufd4j.backend=native}, else a simulated one, fresh for each test, with the IOMMU
 * that {@code -Diommufd4j.iommu} names. Known differences of the simulated kernel are listed in
 * {@code divergences.tsv}.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("conformance")
@ExtendWith({KernelUnderTestResolver.class, DivergenceWatch.class})
public @interface Conformance {}
