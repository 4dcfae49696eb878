// SPDX-License-Identifier: Apache-2.0
/** Recordings played on a kernel, with the ids, descriptors and addresses that it gives. */
@NullMarked
package io.iommufd4j.exec.replay;

import org.jspecify.annotations.NullMarked;
