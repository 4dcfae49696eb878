// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio.group;

/**
 * The status of a VFIO group ({@code struct vfio_group_status}).
 *
 * @param viable true if every device of the group is VFIO's, or has no driver that does DMA
 * @param inContainer true if it is in a container or an iommufd
 */
public record GroupStatus(boolean viable, boolean inContainer) {}
