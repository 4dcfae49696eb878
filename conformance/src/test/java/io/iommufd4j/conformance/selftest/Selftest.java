// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest;

import io.iommufd4j.conformance.extension.Conformance;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Counterparts of the kernel's own cases. They need a kernel with {@code CONFIG_IOMMUFD_TEST} and
 * none of its real IOMMUs; each result is compared with {@code selftest.tsv}.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("selftest")
@ExtendWith(ResultWatch.class)
@Conformance
public @interface Selftest {}
