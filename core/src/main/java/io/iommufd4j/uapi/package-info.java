// SPDX-License-Identifier: Apache-2.0
/** The values of the UAPI with types: ids of objects, IOVAs and ranges of them, flags. */
@NullMarked
package io.iommufd4j.uapi;

import org.jspecify.annotations.NullMarked;
