/**
 * What every part of the simulated kernel uses: refusals that carry an errno, locks held by a
 * block, tables of ids, and the plan of what is to fail.
 */
@NullMarked
package io.iommufd4j.sim.lib;

import org.jspecify.annotations.NullMarked;
