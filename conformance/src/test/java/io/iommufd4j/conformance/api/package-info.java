// SPDX-License-Identifier: Apache-2.0
/** The typed API on every kernel: the main job from end to end, and what its handles promise. */
@NullMarked
package io.iommufd4j.conformance.api;

import org.jspecify.annotations.NullMarked;
