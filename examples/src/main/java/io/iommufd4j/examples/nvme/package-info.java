// SPDX-License-Identifier: Apache-2.0
/**
 * An NVMe driver in user space, and a workload that keeps it busy while its translation is
 * replaced.
 */
@NullMarked
package io.iommufd4j.examples.nvme;

import org.jspecify.annotations.NullMarked;
