@NullMarked
package io.iommufd4j.sim.driver;

import org.jspecify.annotations.NullMarked;
