// SPDX-License-Identifier: Apache-2.0
/** Refusals of the kernel and of the host as exceptions, with errno and hint. */
@NullMarked
package io.iommufd4j.error;

import org.jspecify.annotations.NullMarked;
