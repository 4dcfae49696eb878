@NullMarked
package io.iommufd4j.sim.vfio.pci;

import org.jspecify.annotations.NullMarked;
