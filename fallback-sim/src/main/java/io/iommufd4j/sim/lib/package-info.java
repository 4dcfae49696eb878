// SPDX-License-Identifier: Apache-2.0
/**
 * Refusals that carry an errno, locks held by a block, tables of ids and fault injection. It exists
 * apart so that every part of the simulated kernel can use it.
 */
@NullMarked
package io.iommufd4j.sim.lib;

import org.jspecify.annotations.NullMarked;
