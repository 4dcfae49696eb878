// SPDX-License-Identifier: Apache-2.0
/** Many threads on one context: no deadlock, nothing left, and answers of some serial order. */
@NullMarked
package io.iommufd4j.sim.concurrency;

import org.jspecify.annotations.NullMarked;
