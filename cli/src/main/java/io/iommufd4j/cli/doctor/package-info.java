// SPDX-License-Identifier: Apache-2.0
/**
 * Finds what a host lacks for iommufd, by making the calls a program would make and not by guessing
 * from versions.
 */
@NullMarked
package io.iommufd4j.cli.doctor;

import org.jspecify.annotations.NullMarked;
