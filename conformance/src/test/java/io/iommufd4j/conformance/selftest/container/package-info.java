// SPDX-License-Identifier: Apache-2.0
/**
 * The kernel's cases of its fixture {@code vfio_compat_mock_domain}: an iommufd in a VFIO
 * container's place.
 */
@NullMarked
package io.iommufd4j.conformance.selftest.container;

import org.jspecify.annotations.NullMarked;
