// SPDX-License-Identifier: Apache-2.0
/**
 * The kernel's cases of its fixtures {@code iommufd_mock_domain} and {@code
 * iommufd_dirty_tracking}, and of DMA-BUFs mapped into such a domain.
 */
@NullMarked
package io.iommufd4j.conformance.selftest.domain;

import org.jspecify.annotations.NullMarked;
