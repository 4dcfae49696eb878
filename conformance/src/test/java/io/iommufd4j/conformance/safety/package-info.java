// SPDX-License-Identifier: Apache-2.0
/**
 * iommufdctl on a real host in trouble: what it does, how long it takes, and how it leaves the
 * host. Each test prints its row of {@code docs/host-safety.md}.
 */
@NullMarked
package io.iommufd4j.conformance.safety;

import org.jspecify.annotations.NullMarked;
