// SPDX-License-Identifier: Apache-2.0
/**
 * SR-IOV: virtual functions that come and go, and the token that their users share with that of the
 * physical one.
 */
@NullMarked
package io.iommufd4j.conformance.sriov;

import org.jspecify.annotations.NullMarked;
