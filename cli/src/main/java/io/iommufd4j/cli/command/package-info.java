// SPDX-License-Identifier: Apache-2.0
/**
 * The commands, their options and operands. A command gathers facts or has something done; what it
 * found goes to {@code output} to be shown.
 */
@NullMarked
package io.iommufd4j.cli.command;

import org.jspecify.annotations.NullMarked;
