// SPDX-License-Identifier: Apache-2.0
/**
 * iommufdctl: puts the commands together, parses the command line, and turns failures into exit
 * codes.
 */
@NullMarked
package io.iommufd4j.cli;

import org.jspecify.annotations.NullMarked;
