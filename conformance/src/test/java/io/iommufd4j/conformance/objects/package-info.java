// SPDX-License-Identifier: Apache-2.0
/**
 * The objects that few IOMMUs have, tried on the kernel's mock: queues with descriptors, nested
 * page tables, virtual IOMMUs.
 */
@NullMarked
package io.iommufd4j.conformance.objects;

import org.jspecify.annotations.NullMarked;
