// SPDX-License-Identifier: Apache-2.0
/** Groups of more than one device: who may attach where, and who moves along. */
@NullMarked
package io.iommufd4j.conformance.group;

import org.jspecify.annotations.NullMarked;
