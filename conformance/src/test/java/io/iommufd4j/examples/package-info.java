/** The worked examples of the README, kept compiling and true. */
@NullMarked
package io.iommufd4j.examples;

import org.jspecify.annotations.NullMarked;
