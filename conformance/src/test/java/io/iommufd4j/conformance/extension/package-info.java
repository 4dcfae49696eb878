// SPDX-License-Identifier: Apache-2.0
/**
 * The JUnit extensions: they hand a test its kernel, simulated or the host's own, and expect the
 * differences between the two that are known.
 */
@NullMarked
package io.iommufd4j.conformance.extension;

import org.jspecify.annotations.NullMarked;
