@NullMarked
package io.iommufd4j.sim.device;

import org.jspecify.annotations.NullMarked;
