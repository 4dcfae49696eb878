// SPDX-License-Identifier: Apache-2.0
/**
 * The machine as {@code /sys}, {@code /dev} and debugfs show it, a class for each directory. It
 * exists apart so that nothing else knows how a thing is shown.
 */
@NullMarked
package io.iommufd4j.sim.sysfs;

import org.jspecify.annotations.NullMarked;
