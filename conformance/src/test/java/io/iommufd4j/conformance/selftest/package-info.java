// SPDX-License-Identifier: Apache-2.0
/**
 * The kernel's own test cases for iommufd, written again so that they run on a simulated kernel
 * too: a package for each fixture, and here the table of which test stands for which case.
 */
@NullMarked
package io.iommufd4j.conformance.selftest;

import org.jspecify.annotations.NullMarked;
