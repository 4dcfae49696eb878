// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import io.iommufd4j.cli.run.GlobalOptions;
import io.iommufd4j.cli.run.Invocation;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ScopeType;

/** The command itself; its verbs are added by {@link Main}. Its options hold for all of them. */
@Command(
    name = "iommufdctl",
    addMethodSubcommands = false,
    scope = ScopeType.INHERIT,
    mixinStandardHelpOptions = true,
    versionProvider = VersionText.class,
    description =
        "Looks at IOMMUs and VFIO devices, and replaces the translation under a live one.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "  0:ok",
      "  1:the kernel or I/O refused, the errno is given by name; or output could not be written",
      "  2:usage; also when a change needs consent and nobody can be asked: agree with --yes",
      "  3:not available on this host",
      "  4:not agreed to at the prompt; nothing was done",
      "  5:replay: the kernel answered otherwise than was recorded",
      " 70:a bug in iommufdctl",
      "130:Ctrl-C; 143 SIGTERM, 129 SIGHUP",
      "141:nobody reads the output any more, as behind head"
    },
    footer = {
      "",
      "A signal ends it with 128 + the signal's number, once the host is as it was found. A change whose",
      "output nobody reads is carried through all the same.",
      "With IOMMUFDCTL_DEBUG set, a bug prints its stack trace."
    })
final class Iommufdctl {

  @Mixin final GlobalOptions options;

  Iommufdctl(Invocation invocation) {
    this.options = invocation.options();
  }
}
