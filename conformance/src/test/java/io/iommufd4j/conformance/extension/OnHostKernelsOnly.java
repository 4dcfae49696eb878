// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.extension;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Tests about the way to the host's own kernel, of which a simulated one knows nothing. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@EnabledIfSystemProperty(named = "iommufd4j.backend", matches = "native")
public @interface OnHostKernelsOnly {}
