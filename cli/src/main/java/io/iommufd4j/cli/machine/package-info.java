// SPDX-License-Identifier: Apache-2.0
/**
 * The verbs of machine files: list, show, check, and capture of this host. It exists apart because
 * none of them needs a kernel to do something on.
 */
@NullMarked
package io.iommufd4j.cli.machine;

import org.jspecify.annotations.NullMarked;
