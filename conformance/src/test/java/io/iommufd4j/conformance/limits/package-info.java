// SPDX-License-Identifier: Apache-2.0
/** The limit on the memory a process may pin, and the places that show the account. */
@NullMarked
package io.iommufd4j.conformance.limits;

import org.jspecify.annotations.NullMarked;
