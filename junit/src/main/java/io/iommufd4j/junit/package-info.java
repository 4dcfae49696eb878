// SPDX-License-Identifier: Apache-2.0
/**
 * Tests on a simulated kernel: {@link io.iommufd4j.junit.SimulatedMachine} gives each test one of
 * its own, and holds the test to what it leaves open.
 */
@NullMarked
package io.iommufd4j.junit;

import org.jspecify.annotations.NullMarked;
