// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import io.iommufd4j.process.OpenDescriptor;

/**
 * A VFIO device that a process has open.
 *
 * @param descriptor the process' descriptor
 * @param attachment the page table that it is attached to
 */
public record DeviceView(OpenDescriptor descriptor, Attachment attachment) {}
