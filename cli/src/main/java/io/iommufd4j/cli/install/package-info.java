// SPDX-License-Identifier: Apache-2.0
/** The files beside iommufdctl on a host: manual pages and completions, made from its commands. */
@NullMarked
package io.iommufd4j.cli.install;

import org.jspecify.annotations.NullMarked;
