// SPDX-License-Identifier: Apache-2.0
/**
 * The replacing itself, from the plan to the proof and the way back. It knows no command line, so
 * that each part can be tried alone.
 */
@NullMarked
package io.iommufd4j.cli.replace;

import org.jspecify.annotations.NullMarked;
