// SPDX-License-Identifier: Apache-2.0
/**
 * The differential runner: generated programs of requests on two kernels at once, answers compared
 * byte for byte, differences shrunk, and the real kernel's answers recorded.
 */
@NullMarked
package io.iommufd4j.differential;

import org.jspecify.annotations.NullMarked;
