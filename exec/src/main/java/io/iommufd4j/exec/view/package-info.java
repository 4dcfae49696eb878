// SPDX-License-Identifier: Apache-2.0
/**
 * The files that a program sees: the simulated machine's {@code /dev}, {@code /sys} and {@code
 * /proc} beside the host's own.
 */
@NullMarked
package io.iommufd4j.exec.view;

import org.jspecify.annotations.NullMarked;
