// SPDX-License-Identifier: Apache-2.0
/**
 * The host's own kernel: the one place that links to libc, by FFM for the calls that carry requests
 * and by JNR-POSIX for descriptors and limits.
 */
@NullMarked
package io.iommufd4j.linux;

import org.jspecify.annotations.NullMarked;
