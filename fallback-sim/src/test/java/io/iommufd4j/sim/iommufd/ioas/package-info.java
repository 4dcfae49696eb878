// SPDX-License-Identifier: Apache-2.0
/** Areas, pages and IOVAs, against models. */
@NullMarked
package io.iommufd4j.sim.iommufd.ioas;

import org.jspecify.annotations.NullMarked;
