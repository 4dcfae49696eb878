package io.iommufd4j.cli;

import picocli.CommandLine.Command;

/** {@code group}. */
@Command(name = "group", description = "Lists and shows IOMMU groups.")
final class GroupVerbs {}
