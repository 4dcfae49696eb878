/** Tests of the command line, run in-process. */
@NullMarked
package io.iommufd4j.cli;

import org.jspecify.annotations.NullMarked;
