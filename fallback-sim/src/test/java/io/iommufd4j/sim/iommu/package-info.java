@NullMarked
package io.iommufd4j.sim.iommu;

import org.jspecify.annotations.NullMarked;
