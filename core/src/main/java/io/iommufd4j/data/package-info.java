// SPDX-License-Identifier: Apache-2.0
/**
 * Data that iommufd carries between a program and a driver of an IOMMU, with types: page tables of
 * guests, invalidations, page faults, events, descriptions of hardware.
 */
@NullMarked
package io.iommufd4j.data;

import org.jspecify.annotations.NullMarked;
