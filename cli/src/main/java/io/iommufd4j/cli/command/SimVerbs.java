// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import picocli.CommandLine.Command;

/** {@code sim}. */
@Command(
    name = "sim",
    addMethodSubcommands = false,
    description = "Runs other programs on a simulated machine.")
public final class SimVerbs {}
