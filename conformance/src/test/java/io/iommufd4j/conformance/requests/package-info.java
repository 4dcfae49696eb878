// SPDX-License-Identifier: Apache-2.0
/**
 * Tests of the rules that hold for every command: sizes, tails, flags, reserved fields, numbers,
 * bad blocks.
 */
@NullMarked
package io.iommufd4j.conformance.requests;

import org.jspecify.annotations.NullMarked;
