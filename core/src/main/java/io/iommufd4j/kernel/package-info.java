// SPDX-License-Identifier: Apache-2.0
/**
 * The seam: a kernel as a program sees it, requests in the UAPI's own bytes. Everything typed lies
 * above and knows no backend; results are ≥ 0 or −errno down here.
 */
@NullMarked
package io.iommufd4j.kernel;

import org.jspecify.annotations.NullMarked;
