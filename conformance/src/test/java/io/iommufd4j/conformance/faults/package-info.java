// SPDX-License-Identifier: Apache-2.0
/**
 * Tests of the kernel's results, and of the state it leaves, when one of its own allocations fails.
 */
@NullMarked
package io.iommufd4j.conformance.faults;

import org.jspecify.annotations.NullMarked;
