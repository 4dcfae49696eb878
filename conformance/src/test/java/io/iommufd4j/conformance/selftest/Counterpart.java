// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Names the kernel's case that a test stands for, as {@code iommufd_ioas.area}. Where the case has
 * variants, the test takes an enum of them, whose {@code toString} is the kernel's name of the
 * variant: it comes between fixture and case, as {@code iommufd_ioas.mock_domain.area}.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Counterpart {

  /** Fixture and case, with a dot between them. */
  String value();
}
