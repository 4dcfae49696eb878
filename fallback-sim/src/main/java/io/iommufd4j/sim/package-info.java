// SPDX-License-Identifier: Apache-2.0
/**
 * The simulated kernel as a program meets it: {@code SimKernel}, and the {@code Machine} it runs
 * on.
 */
@NullMarked
package io.iommufd4j.sim;

import org.jspecify.annotations.NullMarked;
