// SPDX-License-Identifier: Apache-2.0
@NullMarked
package io.iommufd4j.sim.pci;

import org.jspecify.annotations.NullMarked;
