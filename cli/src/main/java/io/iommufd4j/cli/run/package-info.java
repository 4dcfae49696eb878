// SPDX-License-Identifier: Apache-2.0
/**
 * One run of iommufdctl: the options of every command, the streams, the kernel that they choose,
 * and exit codes.
 */
@NullMarked
package io.iommufd4j.cli.run;

import org.jspecify.annotations.NullMarked;
