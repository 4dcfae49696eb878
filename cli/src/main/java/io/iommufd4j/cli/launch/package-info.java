// SPDX-License-Identifier: Apache-2.0
/**
 * Parts of a build that make iommufdctl start sooner: one jar for the whole class path, and the run
 * that an AOT cache is made from.
 */
@NullMarked
package io.iommufd4j.cli.launch;

import org.jspecify.annotations.NullMarked;
