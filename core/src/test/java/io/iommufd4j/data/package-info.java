// SPDX-License-Identifier: Apache-2.0
/** Data blocks of drivers, byte by byte. */
@NullMarked
package io.iommufd4j.data;

import org.jspecify.annotations.NullMarked;
