// SPDX-License-Identifier: Apache-2.0
/**
 * A host with more than devices that nobody uses: drivers that take devices along when they go,
 * other processes, and devices that VFIO cannot have.
 */
@NullMarked
package io.iommufd4j.conformance.host;

import org.jspecify.annotations.NullMarked;
