// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.machine;

import picocli.CommandLine.Command;

/** {@code machine}. */
@Command(
    name = "machine",
    addMethodSubcommands = false,
    description = "Lists, shows, checks and captures machines for the simulated kernel.")
public final class MachineVerbs {}
