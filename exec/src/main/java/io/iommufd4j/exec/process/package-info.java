// SPDX-License-Identifier: Apache-2.0
/** Supervised processes as the host shows them: their memory, what they map, and their end. */
@NullMarked
package io.iommufd4j.exec.process;

import org.jspecify.annotations.NullMarked;
