// SPDX-License-Identifier: Apache-2.0
/** Object ids and life times: which id comes next, what DESTROY answers, what an id keeps alive. */
@NullMarked
package io.iommufd4j.conformance.ids;

import org.jspecify.annotations.NullMarked;
