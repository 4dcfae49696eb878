// SPDX-License-Identifier: Apache-2.0
/**
 * A guest's own IOMMU: its devices, the queues that hardware reads by itself, and the events that
 * go to it. /dev/iommu's objects are below it, its commands above.
 */
@NullMarked
package io.iommufd4j.sim.iommufd.viommu;

import org.jspecify.annotations.NullMarked;
