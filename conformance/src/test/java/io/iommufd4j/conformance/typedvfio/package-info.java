// SPDX-License-Identifier: Apache-2.0
/** VFIO devices by the typed API: interrupts, regions, resets, features, PASIDs. */
@NullMarked
package io.iommufd4j.conformance.typedvfio;

import org.jspecify.annotations.NullMarked;
