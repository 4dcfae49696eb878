// SPDX-License-Identifier: Apache-2.0
/**
 * The requests to /dev/iommu: each command's checks, in the kernel's order, and the requests that
 * are compatible with VFIO's type 1 container. Objects, IOAS and vIOMMU are below it.
 */
@NullMarked
package io.iommufd4j.sim.iommufd.command;

import org.jspecify.annotations.NullMarked;
