// SPDX-License-Identifier: Apache-2.0
/**
 * The things that a generator draws on: dice, addresses, drafts of requests, and the objects it
 * believes to exist.
 */
@NullMarked
package io.iommufd4j.differential.scene;

import org.jspecify.annotations.NullMarked;
