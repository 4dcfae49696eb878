// SPDX-License-Identifier: Apache-2.0
/** Interrupts of VFIO devices, on a kernel that answers as no lab can. */
@NullMarked
package io.iommufd4j.vfio.interrupt;

import org.jspecify.annotations.NullMarked;
