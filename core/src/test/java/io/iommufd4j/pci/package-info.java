// SPDX-License-Identifier: Apache-2.0
/**
 * Discovery and binding tried against trees laid out as sysfs is, links and all, after a machine
 * whose two edu functions share a group.
 */
@NullMarked
package io.iommufd4j.pci;

import org.jspecify.annotations.NullMarked;
