// SPDX-License-Identifier: Apache-2.0
/** Tests of the extension: those that are to fail run in an engine of their own. */
@NullMarked
package io.iommufd4j.junit;

import org.jspecify.annotations.NullMarked;
