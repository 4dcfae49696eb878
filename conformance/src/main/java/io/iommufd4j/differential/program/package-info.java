// SPDX-License-Identifier: Apache-2.0
/**
 * The language of generated programs: steps, the values they pass and keep, answers, and the user
 * memory that programs address.
 */
@NullMarked
package io.iommufd4j.differential.program;

import org.jspecify.annotations.NullMarked;
