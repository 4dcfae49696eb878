// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.uapi.PageTableId;

/**
 * The objects that translate a device's DMA.
 *
 * @param buffer the letter of the memory that its IOVAs reach
 * @param ioas the IOAS
 * @param hwpt the HWPT, as the kernel wrote it back
 */
public record Translation(char buffer, IoasId ioas, PageTableId hwpt) {}
