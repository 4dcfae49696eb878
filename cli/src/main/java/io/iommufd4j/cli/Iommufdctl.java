package io.iommufd4j.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ScopeType;

/** The command itself; its verbs are added by {@link Main}. What stands here holds for all. */
@Command(
    name = "iommufdctl",
    scope = ScopeType.INHERIT,
    mixinStandardHelpOptions = true,
    versionProvider = VersionText.class,
    description =
        "Looks at IOMMUs and VFIO devices, and replaces the translation under a live one.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      " 0:ok",
      " 1:the kernel or I/O refused; the errno is given by name",
      " 2:usage",
      " 3:not available on this host",
      "70:a bug in iommufdctl"
    },
    footer = {
      "",
      "A signal ends it with 128 + the signal's number, once the host is as it was found.",
      "With IOMMUFDCTL_DEBUG set, a bug prints its stack trace."
    })
final class Iommufdctl {

  @Mixin final GlobalOptions options;

  Iommufdctl(Invocation invocation) {
    this.options = invocation.options();
  }
}
