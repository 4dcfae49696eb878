// SPDX-License-Identifier: Apache-2.0
/** The project's own rules, checked by the build: which imports are allowed, and who may link. */
@NullMarked
package io.iommufd4j.architecture;

import org.jspecify.annotations.NullMarked;
