// SPDX-License-Identifier: Apache-2.0
/** eventfds, and waiting for several descriptors, by the typed API. */
@NullMarked
package io.iommufd4j.conformance.event;

import org.jspecify.annotations.NullMarked;
