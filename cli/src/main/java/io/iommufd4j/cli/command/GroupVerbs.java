// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import picocli.CommandLine.Command;

/** {@code group}. */
@Command(
    name = "group",
    addMethodSubcommands = false,
    description = "Lists and shows IOMMU groups.")
public final class GroupVerbs {}
