@NullMarked
package io.iommufd4j.sim.vfio;

import org.jspecify.annotations.NullMarked;
