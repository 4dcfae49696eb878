/**
 * /dev/vfio/devices/*: device nodes, bind and attach, PCI config space, BARs, interrupts; and the
 * functions behind.
 */
@NullMarked
package io.iommufd4j.sim.vfio;

import org.jspecify.annotations.NullMarked;
