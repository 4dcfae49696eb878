// SPDX-License-Identifier: Apache-2.0
/** Descriptors, and the files that the simulated kernel makes by itself. */
@NullMarked
package io.iommufd4j.sim.fs;

import org.jspecify.annotations.NullMarked;
