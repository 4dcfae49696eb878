/**
 * What a verb found, as records, and the two ways to show it: text for people, JSON for programs.
 * Only the JSON is stable.
 */
@NullMarked
package io.iommufd4j.cli.output;

import org.jspecify.annotations.NullMarked;
