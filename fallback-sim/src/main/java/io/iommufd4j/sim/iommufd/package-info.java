// SPDX-License-Identifier: Apache-2.0
/**
 * An open /dev/iommu: its context, the objects that user space names by number (devices, IOASes,
 * HWPTs, accesses, fault queues), and their life.
 */
@NullMarked
package io.iommufd4j.sim.iommufd;

import org.jspecify.annotations.NullMarked;
