// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.program;

/**
 * A value in a request's block.
 *
 * @param offset bytes from the block's start
 * @param width bytes: 1, 2, 4 or 8
 */
public record Field(int offset, int width, Value value) {}
