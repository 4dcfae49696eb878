// SPDX-License-Identifier: Apache-2.0
/** VFIO devices: bind, attach and detach blocks, info, regions, config space, interrupts, reset. */
@NullMarked
package io.iommufd4j.conformance.vfio;

import org.jspecify.annotations.NullMarked;
