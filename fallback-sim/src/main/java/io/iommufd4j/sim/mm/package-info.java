// SPDX-License-Identifier: Apache-2.0
/** User memory by address, pages pinned for DMA, and the accounts of who pinned how much. */
@NullMarked
package io.iommufd4j.sim.mm;

import org.jspecify.annotations.NullMarked;
