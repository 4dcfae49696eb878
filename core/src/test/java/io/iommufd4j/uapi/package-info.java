// SPDX-License-Identifier: Apache-2.0
/** Value types of the UAPI. */
@NullMarked
package io.iommufd4j.uapi;

import org.jspecify.annotations.NullMarked;
