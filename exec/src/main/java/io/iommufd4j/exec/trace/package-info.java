// SPDX-License-Identifier: Apache-2.0
/**
 * Requests of programs on the host's own kernel, seen by {@code ptrace(2)}, and what their flags
 * and ids stand for.
 */
@NullMarked
package io.iommufd4j.exec.trace;

import org.jspecify.annotations.NullMarked;
