// SPDX-License-Identifier: Apache-2.0
/**
 * The tree of directories, files and links that {@code /sys}, {@code /proc} and {@code /dev} show,
 * and its reading through {@code java.nio.file}.
 */
@NullMarked
package io.iommufd4j.sim.kernfs;

import org.jspecify.annotations.NullMarked;
