// SPDX-License-Identifier: Apache-2.0
/**
 * Other processes that use iommufd and VFIO: the files they have open, handles to these, and what
 * an iommufd holds, found by requests that change nothing.
 */
@NullMarked
package io.iommufd4j.process;

import org.jspecify.annotations.NullMarked;
