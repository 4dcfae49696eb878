// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Tests that need the lab's machine {@code host}, with VT-d. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@EnabledIfSystemProperty(named = "iommufd4j.machine", matches = "host")
@interface OnServers {}
