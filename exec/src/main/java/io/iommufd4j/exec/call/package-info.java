// SPDX-License-Identifier: Apache-2.0
/** System calls of programs: each is answered by the simulated kernel, or passes to the host. */
@NullMarked
package io.iommufd4j.exec.call;

import org.jspecify.annotations.NullMarked;
