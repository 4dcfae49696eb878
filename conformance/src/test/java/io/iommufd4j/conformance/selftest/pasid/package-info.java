// SPDX-License-Identifier: Apache-2.0
/**
 * The kernel's cases of its fixture {@code iommufd_device_pasid}: a device's translation by PASID.
 */
@NullMarked
package io.iommufd4j.conformance.selftest.pasid;

import org.jspecify.annotations.NullMarked;
