// SPDX-License-Identifier: Apache-2.0
/**
 * Interrupts of VFIO devices: INTx, MSI, MSI-X, errors and requests, each counted in an eventfd.
 */
@NullMarked
package io.iommufd4j.vfio.interrupt;

import org.jspecify.annotations.NullMarked;
