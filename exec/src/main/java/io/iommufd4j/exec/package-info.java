// SPDX-License-Identifier: Apache-2.0
/**
 * Programs that are no Java, run on a simulated kernel: what they ask of iommufd and VFIO is
 * answered by it, everything else by the host.
 */
@NullMarked
package io.iommufd4j.exec;

import org.jspecify.annotations.NullMarked;
