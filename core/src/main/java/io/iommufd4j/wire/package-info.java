/**
 * A descriptor of a kernel, the blocks of requests, and the hint that a refused request earns by
 * itself. For this project's own packages.
 */
@NullMarked
package io.iommufd4j.wire;

import org.jspecify.annotations.NullMarked;
