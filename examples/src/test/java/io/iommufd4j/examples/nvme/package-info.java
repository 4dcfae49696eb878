// SPDX-License-Identifier: Apache-2.0
/** Tests the parts of the NVMe driver that need no drive, and its refusal where there is none. */
@NullMarked
package io.iommufd4j.examples.nvme;

import org.jspecify.annotations.NullMarked;
