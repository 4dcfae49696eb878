// SPDX-License-Identifier: Apache-2.0
/**
 * iommufd with types: objects whose handles close in order, and errnos that explain themselves.
 * Lies above the seam and knows no backend.
 */
@NullMarked
package io.iommufd4j;

import org.jspecify.annotations.NullMarked;
