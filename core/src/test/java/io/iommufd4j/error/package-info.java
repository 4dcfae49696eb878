// SPDX-License-Identifier: Apache-2.0
/** The exceptions, and the steps of a close. */
@NullMarked
package io.iommufd4j.error;

import org.jspecify.annotations.NullMarked;
