// SPDX-License-Identifier: Apache-2.0
/**
 * The kernel's cases of its fixtures {@code iommufd} and {@code change_process}: the file itself,
 * and the process that pays for its pages.
 */
@NullMarked
package io.iommufd4j.conformance.selftest.context;

import org.jspecify.annotations.NullMarked;
