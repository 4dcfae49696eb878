// SPDX-License-Identifier: Apache-2.0
/**
 * A network card that a driver in user space drives: DMA from its own rings, MSI-X, resets. As the
 * kernel's VFIO selftests do it, in Java.
 */
@NullMarked
package io.iommufd4j.conformance.card;

import org.jspecify.annotations.NullMarked;
