// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

/**
 * Something that has to hold after a replace, and whether it does.
 *
 * @param check the fact that should be so
 * @param holds true if it is
 * @param observed the answer of the kernel or the device
 */
public record Check(String check, boolean holds, String observed) {}
