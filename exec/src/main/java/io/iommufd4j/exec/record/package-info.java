// SPDX-License-Identifier: Apache-2.0
/**
 * Recordings: what programs asked of iommufd and VFIO, as lines of JSON that can be played again.
 */
@NullMarked
package io.iommufd4j.exec.record;

import org.jspecify.annotations.NullMarked;
