// SPDX-License-Identifier: Apache-2.0
/**
 * The 22 commands and the ways in which Linux refuses them: one test each, on every kernel, and the
 * table of them all.
 */
@NullMarked
package io.iommufd4j.conformance.errors;

import org.jspecify.annotations.NullMarked;
