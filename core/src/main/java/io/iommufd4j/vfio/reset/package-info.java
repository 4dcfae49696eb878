// SPDX-License-Identifier: Apache-2.0
/** Resetting all that sits on the bus or in the slot of a VFIO PCI device. */
@NullMarked
package io.iommufd4j.vfio.reset;

import org.jspecify.annotations.NullMarked;
