// SPDX-License-Identifier: Apache-2.0
/**
 * Files and descriptors: the descriptor table, read, write, mmap and poll, memfd, eventfd, dma-buf,
 * and what sysfs and /proc show.
 */
@NullMarked
package io.iommufd4j.sim.fs;

import org.jspecify.annotations.NullMarked;
