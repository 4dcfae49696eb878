/**
 * iommufdctl: the verbs, their options and exit codes. A verb gathers facts or has something done;
 * what it found goes to {@code output} to be shown.
 */
@NullMarked
package io.iommufd4j.cli;

import org.jspecify.annotations.NullMarked;
