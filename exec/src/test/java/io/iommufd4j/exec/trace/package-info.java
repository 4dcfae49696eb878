// SPDX-License-Identifier: Apache-2.0
/** Tests of the names that a trace gives flags and ids. */
@NullMarked
package io.iommufd4j.exec.trace;

import org.jspecify.annotations.NullMarked;
