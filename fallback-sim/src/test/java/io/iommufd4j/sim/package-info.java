// SPDX-License-Identifier: Apache-2.0
/** The simulated kernel as programs use it, through the seam and through the typed API. */
@NullMarked
package io.iommufd4j.sim;

import org.jspecify.annotations.NullMarked;
