// SPDX-License-Identifier: Apache-2.0
/**
 * Machines in files: YAML that is read with every mistake's line and key, and written. It exists
 * apart so that nothing else knows how a machine is spelled, and no program loads a parser for
 * nothing.
 */
@NullMarked
package io.iommufd4j.sim.file;

import org.jspecify.annotations.NullMarked;
