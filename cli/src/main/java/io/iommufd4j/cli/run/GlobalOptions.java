// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.run;

import io.iommufd4j.kernel.Backend;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The options of every verb, usable before and after it. */
@Command(addMethodSubcommands = false)
public final class GlobalOptions {

  @Option(
      names = "--backend",
      paramLabel = "KERNEL",
      scope = ScopeType.INHERIT,
      description =
          "native: this host's kernel, or nothing. sim: a simulated one, in this process. auto (the"
              + " default): this host's; a simulated one only for verbs that look and change"
              + " nothing, and then a note says so.")
  @Nullable Backend backend;

  @Option(names = "--sim", scope = ScopeType.INHERIT, description = "The same as --backend sim.")
  boolean simulate;

  @Option(
      names = "--machine",
      paramLabel = "NAME[:IOMMU]|FILE",
      scope = ScopeType.INHERIT,
      description =
          "The simulated machine: a name, as bridge or two-function:smmuv3 (machine list has them);"
              + " or a machine file, by a path that has a slash or ends in .yaml.")
  @Nullable String machine;

  @Option(
      names = "--attach",
      paramLabel = "SOCKET",
      scope = ScopeType.INHERIT,
      description =
          "Runs on the simulated kernel that sim exec --listen offers at this Unix socket, as a"
              + " program beside those that run there.")
  @Nullable String attach;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      scope = ScopeType.INHERIT,
      description =
          "text (the default), for people; or json, for programs: one document on stdout, also for"
              + " a failure. Only json is stable: it carries \"schema\": 1, and within a schema"
              + " fields are only added. IOVAs are strings in hexadecimal.")
  OutputFormat output = OutputFormat.TEXT;

  @Option(
      names = "--trace",
      arity = "0..1",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      preprocessor = AttachedValue.class,
      description =
          "Writes every system call with inputs, outputs, errno and nanoseconds to stderr, or to"
              + " FILE; the same lines on either kernel.")
  @Nullable String trace;

  @Option(
      names = "--no-color",
      scope = ScopeType.INHERIT,
      description = "No colours; as with NO_COLOR set in the environment.")
  boolean noColor;

  @Option(
      names = {"-y", "--yes"},
      scope = ScopeType.INHERIT,
      description = "Agrees to what would be asked before a change.")
  boolean yes;
}
