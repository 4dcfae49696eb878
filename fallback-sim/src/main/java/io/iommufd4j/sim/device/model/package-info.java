// SPDX-License-Identifier: Apache-2.0
/**
 * Devices that the simulator brings along: edu, igb, nvme. They exist apart because they use what a
 * library author's own device has, {@link io.iommufd4j.sim.device}, and nothing else of it.
 */
@NullMarked
package io.iommufd4j.sim.device.model;

import org.jspecify.annotations.NullMarked;
