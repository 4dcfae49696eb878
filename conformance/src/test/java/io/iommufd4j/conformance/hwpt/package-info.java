// SPDX-License-Identifier: Apache-2.0
/** HWPTs: allocation and its flags on each driver, hardware info, dirty tracking. */
@NullMarked
package io.iommufd4j.conformance.hwpt;

import org.jspecify.annotations.NullMarked;
