// SPDX-License-Identifier: Apache-2.0
/** VFIO info blocks and paths, without a device. */
@NullMarked
package io.iommufd4j.vfio;

import org.jspecify.annotations.NullMarked;
