// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Tests that start iommufdctl on a real kernel, beside processes that hold devices: {@code
 * lab/host-safety} names both programs.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("own-machine")
@EnabledIfEnvironmentVariable(named = Tool.VARIABLE, matches = ".+")
@EnabledIfEnvironmentVariable(named = DeviceHolder.VARIABLE, matches = ".+")
@ExtendWith(HostCheck.class)
@interface OnHostKernels {}
