@NullMarked
package io.iommufd4j.sim.sysfs;

import org.jspecify.annotations.NullMarked;
