// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.feature;

/**
 * The kinds of migration that a device can do ({@code VFIO_MIGRATION_*}).
 *
 * @param stopCopy its state can be read while it is stopped
 * @param peerToPeer it can stop its DMA to other devices before the rest
 * @param preCopy part of its state can be read while it runs
 */
public record MigrationSupport(boolean stopCopy, boolean peerToPeer, boolean preCopy) {}
