// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.card;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Tests that need an igb: {@code -Diommufd4j.machine} says so, of the simulated machine and of the
 * lab's.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("own-machine")
@EnabledIfSystemProperty(named = "iommufd4j.machine", matches = "igb")
@interface OnCardMachines {}
