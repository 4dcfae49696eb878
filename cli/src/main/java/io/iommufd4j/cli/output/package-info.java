// SPDX-License-Identifier: Apache-2.0
/**
 * The results of verbs, as records, and the two ways to show them: text for people, JSON for
 * programs. Only the JSON is stable.
 */
@NullMarked
package io.iommufd4j.cli.output;

import org.jspecify.annotations.NullMarked;
