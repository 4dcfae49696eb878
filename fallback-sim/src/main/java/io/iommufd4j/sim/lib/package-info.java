/**
 * What every part of the simulated kernel uses: refusals that carry an errno, id tables, interval
 * trees.
 */
@NullMarked
package io.iommufd4j.sim.lib;

import org.jspecify.annotations.NullMarked;
