// SPDX-License-Identifier: Apache-2.0
/**
 * The kernel's program {@code iommufd_fail_nth}: each of its runs, repeated with every allocation
 * failing in turn.
 */
@NullMarked
package io.iommufd4j.conformance.selftest.faults;

import org.jspecify.annotations.NullMarked;
