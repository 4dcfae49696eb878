package io.iommufd4j.cli;

import picocli.CommandLine.Command;

/** {@code device}. */
@Command(name = "device", description = "Lists, shows, binds and unbinds PCI devices.")
final class DeviceVerbs {}
