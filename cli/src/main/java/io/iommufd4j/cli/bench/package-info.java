// SPDX-License-Identifier: Apache-2.0
/**
 * The verb {@code bench}, and the files it writes beside its result. Its libraries are loaded by no
 * other verb.
 */
@NullMarked
package io.iommufd4j.cli.bench;

import org.jspecify.annotations.NullMarked;
