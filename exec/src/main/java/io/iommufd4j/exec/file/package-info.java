// SPDX-License-Identifier: Apache-2.0
/** Simulated files that programs have open, what stands in for them there, and the host's files. */
@NullMarked
package io.iommufd4j.exec.file;

import org.jspecify.annotations.NullMarked;
