// SPDX-License-Identifier: Apache-2.0
/**
 * Machines: descriptions, presets as data, and what a kernel makes from them. It exists apart so
 * that a new machine is a few lines of data.
 */
@NullMarked
package io.iommufd4j.sim.machine;

import org.jspecify.annotations.NullMarked;
