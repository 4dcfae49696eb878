// SPDX-License-Identifier: Apache-2.0
/**
 * The differential runner: generated programs of requests on two kernels at once, answers compared
 * byte for byte, differences shrunk; and what the real kernel answered, recorded and replayed.
 */
@NullMarked
package io.iommufd4j.conformance.differential;

import org.jspecify.annotations.NullMarked;
