// SPDX-License-Identifier: Apache-2.0
/**
 * Mediated devices, on a real kernel: their driver does the DMA, so that they are attached to an
 * IOAS and to nothing else.
 */
@NullMarked
package io.iommufd4j.conformance.mdev;

import org.jspecify.annotations.NullMarked;
