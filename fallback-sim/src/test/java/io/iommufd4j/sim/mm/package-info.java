// SPDX-License-Identifier: Apache-2.0
/** Memory by address: good ones, bad ones, and those that were good once. */
@NullMarked
package io.iommufd4j.sim.mm;

import org.jspecify.annotations.NullMarked;
