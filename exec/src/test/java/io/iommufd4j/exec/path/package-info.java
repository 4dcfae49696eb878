// SPDX-License-Identifier: Apache-2.0
/** Tests of the structs by which calls tell of files. */
@NullMarked
package io.iommufd4j.exec.path;

import org.jspecify.annotations.NullMarked;
