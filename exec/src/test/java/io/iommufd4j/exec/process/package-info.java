// SPDX-License-Identifier: Apache-2.0
/** Tests of what the host shows of supervised processes. */
@NullMarked
package io.iommufd4j.exec.process;

import org.jspecify.annotations.NullMarked;
