// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import io.iommufd4j.process.IommufdContent;

/**
 * An iommufd of a process.
 *
 * @param fd the process' descriptor
 * @param content its objects
 */
public record ContextView(int fd, IommufdContent content) {}
