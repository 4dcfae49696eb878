// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.run.ExitCode;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.kernel.Backend.Purpose;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import picocli.CommandLine.Command;

/** {@code group list}. */
@Command(name = "list", addMethodSubcommands = false, description = "Lists the IOMMU groups.")
public final class GroupList extends Verb {

  public GroupList(Invocation invocation) {
    super(invocation, Purpose.LOOK);
  }

  @Override
  protected int run(Kernel kernel, Renderer renderer) {
    renderer.result(new Document.Groups(kernel.identity(), Host.of(kernel).groups()));
    return ExitCode.OK;
  }
}
