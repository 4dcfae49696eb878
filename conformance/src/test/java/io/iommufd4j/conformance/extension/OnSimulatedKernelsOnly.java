// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.extension;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/** Tests about the simulated kernel itself: what it holds, what it must never do. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@DisabledIfSystemProperty(named = "iommufd4j.backend", matches = "native")
public @interface OnSimulatedKernelsOnly {}
