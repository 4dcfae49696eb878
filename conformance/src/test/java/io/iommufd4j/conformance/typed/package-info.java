// SPDX-License-Identifier: Apache-2.0
/** The typed API of iommufd, call by call, on the simulated kernel and on the real one. */
@NullMarked
package io.iommufd4j.conformance.typed;

import org.jspecify.annotations.NullMarked;
