// SPDX-License-Identifier: Apache-2.0
/**
 * Counters that the kernel signals ({@code eventfd(2)}), and waiting for several descriptors at
 * once ({@code poll(2)}).
 */
@NullMarked
package io.iommufd4j.event;

import org.jspecify.annotations.NullMarked;
