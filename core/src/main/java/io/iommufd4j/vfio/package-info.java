// SPDX-License-Identifier: Apache-2.0
/**
 * VFIO devices: opening, binding to an iommufd, attaching and replacing, regions, interrupts and
 * config space.
 */
@NullMarked
package io.iommufd4j.vfio;

import org.jspecify.annotations.NullMarked;
