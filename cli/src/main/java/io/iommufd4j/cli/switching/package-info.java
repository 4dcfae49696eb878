// SPDX-License-Identifier: Apache-2.0
/**
 * Times the ways to switch the translation under a device, while the device does DMA. It knows no
 * command line.
 */
@NullMarked
package io.iommufd4j.cli.switching;

import org.jspecify.annotations.NullMarked;
