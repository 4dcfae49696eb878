// SPDX-License-Identifier: Apache-2.0
/**
 * System calls that name a file by its path, or ask for what a path leads to: from {@code open(2)}
 * and {@code stat(2)} to {@code getdents(2)} and {@code chdir(2)}.
 */
@NullMarked
package io.iommufd4j.exec.path;

import org.jspecify.annotations.NullMarked;
