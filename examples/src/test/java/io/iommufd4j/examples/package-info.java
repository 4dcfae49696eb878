// SPDX-License-Identifier: Apache-2.0
/** Runs the examples on a simulated kernel, and holds the README to them. */
@NullMarked
package io.iommufd4j.examples;

import org.jspecify.annotations.NullMarked;
