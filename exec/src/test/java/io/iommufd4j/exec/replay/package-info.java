// SPDX-License-Identifier: Apache-2.0
/** Tests of recordings made on a real kernel, played on the simulated one. */
@NullMarked
package io.iommufd4j.exec.replay;

import org.jspecify.annotations.NullMarked;
