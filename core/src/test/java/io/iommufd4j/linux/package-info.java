// SPDX-License-Identifier: Apache-2.0
/**
 * The native kernel tried on the host that runs the tests: calls that any Linux answers, with or
 * without an IOMMU.
 */
@NullMarked
package io.iommufd4j.linux;

import org.jspecify.annotations.NullMarked;
