// SPDX-License-Identifier: Apache-2.0
/**
 * Causes of refusals by an iommufd: each hint knows what was asked for, and asks the kernel for the
 * obstacle. For this project's own packages.
 */
@NullMarked
package io.iommufd4j.hint;

import org.jspecify.annotations.NullMarked;
