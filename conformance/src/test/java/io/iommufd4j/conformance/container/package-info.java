// SPDX-License-Identifier: Apache-2.0
/** VFIO's older way to a device: groups, containers and their type 1 requests. */
@NullMarked
package io.iommufd4j.conformance.container;

import org.jspecify.annotations.NullMarked;
