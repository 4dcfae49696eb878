package io.iommufd4j.cli.command;

import picocli.CommandLine.Command;

/** {@code group}. */
@Command(name = "group", description = "Lists and shows IOMMU groups.")
public final class GroupVerbs {}
