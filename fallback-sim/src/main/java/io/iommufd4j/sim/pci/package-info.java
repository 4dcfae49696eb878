// SPDX-License-Identifier: Apache-2.0
/**
 * The PCI core: buses, functions, configuration space, BARs, resets, SR-IOV and which driver has
 * what. It exists apart so that device models and VFIO share one idea of a PCI function.
 */
@NullMarked
package io.iommufd4j.sim.pci;

import org.jspecify.annotations.NullMarked;
