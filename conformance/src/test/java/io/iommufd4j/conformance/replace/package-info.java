// SPDX-License-Identifier: Apache-2.0
/** Replace in all its outcomes: what it answers, what it leaves behind, what DMA meets. */
@NullMarked
package io.iommufd4j.conformance.replace;

import org.jspecify.annotations.NullMarked;
