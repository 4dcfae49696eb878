/** Tests of the parts of a replace. */
@NullMarked
package io.iommufd4j.cli.replace;

import org.jspecify.annotations.NullMarked;
