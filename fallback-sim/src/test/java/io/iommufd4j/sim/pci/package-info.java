@NullMarked
package io.iommufd4j.sim.pci;

import org.jspecify.annotations.NullMarked;
