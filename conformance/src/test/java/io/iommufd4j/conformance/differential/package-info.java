// SPDX-License-Identifier: Apache-2.0
/**
 * Generated programs on the simulated kernel alone: they are answered as the real kernel did, as
 * recorded, and two simulated kernels answer alike.
 */
@NullMarked
package io.iommufd4j.conformance.differential;

import org.jspecify.annotations.NullMarked;
