// SPDX-License-Identifier: Apache-2.0
/**
 * The socket by which a process that supervises programs hands them to the one that has the
 * simulated kernel.
 */
@NullMarked
package io.iommufd4j.exec.attach;

import org.jspecify.annotations.NullMarked;
