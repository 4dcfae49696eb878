// SPDX-License-Identifier: Apache-2.0
/** Devices that another process uses: what it has, and a replace under it. */
@NullMarked
package io.iommufd4j.cli.vmm;

import org.jspecify.annotations.NullMarked;
