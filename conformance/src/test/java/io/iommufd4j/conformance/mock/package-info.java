// SPDX-License-Identifier: Apache-2.0
/**
 * The kernel's mock driver beyond what its own selftest asks of it: refusals, edges, and what its
 * page tables are made of.
 */
@NullMarked
package io.iommufd4j.conformance.mock;

import org.jspecify.annotations.NullMarked;
