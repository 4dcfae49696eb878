// SPDX-License-Identifier: Apache-2.0
/**
 * Single steps and sequences of programs with VFIO devices, groups and containers, and of requests
 * of iommufd that need no mock device.
 */
@NullMarked
package io.iommufd4j.differential.steps;

import org.jspecify.annotations.NullMarked;
