// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.run.ExitCode;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.cli.run.UsageException;
import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Backend.Purpose;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code group show}. */
@Command(
    name = "show",
    addMethodSubcommands = false,
    description =
        "Shows an IOMMU group: type, reserved IOVAs, and its devices, which move together.")
public final class GroupShow extends Verb {

  @Parameters(paramLabel = "GROUP", description = "The group's number.")
  int number;

  public GroupShow(Invocation invocation) {
    super(invocation, Purpose.LOOK);
  }

  @Override
  protected int run(Kernel kernel, Renderer renderer) {
    if (number < 0) {
      throw new UsageException("a group's number is not negative, unlike " + number);
    }
    var host = Host.of(kernel);
    var group =
        host.group(number)
            .orElseThrow(
                () -> new HostException("find group " + number, Errno.ENOENT, "see group list"));
    var members = group.members().stream().flatMap(address -> host.find(address).stream()).toList();
    renderer.result(new Document.Group(kernel.identity(), group, members));
    return ExitCode.OK;
  }
}
