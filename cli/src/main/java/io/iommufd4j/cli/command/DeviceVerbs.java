// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import picocli.CommandLine.Command;

/** {@code device}. */
@Command(
    name = "device",
    addMethodSubcommands = false,
    description = "Lists, shows, binds and unbinds PCI devices.")
public final class DeviceVerbs {}
