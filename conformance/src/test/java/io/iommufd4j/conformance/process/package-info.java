// SPDX-License-Identifier: Apache-2.0
/** Descriptors that cross processes, and what can be found out about another process' iommufd. */
@NullMarked
package io.iommufd4j.conformance.process;

import org.jspecify.annotations.NullMarked;
