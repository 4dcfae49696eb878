// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.DotRenderer;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.run.ExitCode;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.cli.run.UsageException;
import io.iommufd4j.cli.vmm.Inspection;
import io.iommufd4j.kernel.Backend.Purpose;
import io.iommufd4j.kernel.Kernel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code inspect}. */
@Command(
    name = "inspect",
    addMethodSubcommands = false,
    description = {
      "Shows what other processes have of iommufd and VFIO: descriptors, the objects of each"
          + " iommufd, and the page tables that devices are attached to, as far as these follow"
          + " from what Linux shows.",
      "Changes nothing: the requests it makes are listed in docs/running-vmm.md. Takes the right to"
          + " trace the process."
    })
public final class InspectVerb extends Verb {

  @Option(
      names = "--pid",
      paramLabel = "PID",
      description = "This process. Leaves with 3 when it may not be looked into.")
  int pid;

  @Option(
      names = "--all",
      description = "Every process that has an iommufd or a VFIO device open, as far as allowed.")
  boolean all;

  @Option(
      names = "--dot",
      description =
          "A graph for Graphviz in place of text: iommufdctl inspect --all --dot | dot -Tsvg")
  boolean dot;

  public InspectVerb(Invocation invocation) {
    super(invocation, Purpose.LOOK);
  }

  @Override
  protected int run(Kernel kernel, Renderer renderer) {
    if (all == (pid != 0)) {
      throw new UsageException("name a process by --pid, or take --all");
    }
    if (dot && invocation().json()) {
      throw new UsageException("--dot and -o json exclude each other");
    }
    Renderer shown = dot ? new DotRenderer(invocation().terminal().out()) : renderer;
    Inspection inspection = all ? Inspection.all(kernel) : Inspection.of(kernel, pid);
    shown.result(new Document.Inspected(kernel.identity(), inspection));
    return ExitCode.OK;
  }
}
