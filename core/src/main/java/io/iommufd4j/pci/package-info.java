// SPDX-License-Identifier: Apache-2.0
/**
 * The host as sysfs shows it: PCI devices, their drivers, IOMMU groups and VFIO cdevs, and the
 * handing over of a device to vfio-pci and back.
 */
@NullMarked
package io.iommufd4j.pci;

import org.jspecify.annotations.NullMarked;
