// SPDX-License-Identifier: Apache-2.0
/** Random requests, seeded: each gets an answer, and nothing of them is left behind. */
@NullMarked
package io.iommufd4j.conformance.fuzz;

import org.jspecify.annotations.NullMarked;
