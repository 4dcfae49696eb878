// SPDX-License-Identifier: Apache-2.0
/** Requests to /dev/iommu, byte by byte: what each answers, and what is left behind. */
@NullMarked
package io.iommufd4j.sim.iommufd;

import org.jspecify.annotations.NullMarked;
