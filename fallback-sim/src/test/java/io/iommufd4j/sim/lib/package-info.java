// SPDX-License-Identifier: Apache-2.0
/** Tests of what every part of the simulated kernel uses. */
@NullMarked
package io.iommufd4j.sim.lib;

import org.jspecify.annotations.NullMarked;
