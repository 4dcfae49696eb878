// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/** Tests that could run on any of the lab's machines; they run on those that boot faster. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@DisabledIfSystemProperty(named = "iommufd4j.machine", matches = "host")
@interface OnPlainMachines {}
