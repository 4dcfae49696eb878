package io.iommufd4j.cli;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.host.Host;
import io.iommufd4j.host.VfioBinding;
import io.iommufd4j.kernel.Kernel;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code device bind}. */
@Command(
    name = "bind",
    description =
        "Hands a device to vfio-pci, and leaves it there: sets driver_override, unbinds the driver it"
            + " has, probes. Siblings of its group are named and not touched.")
final class DeviceBind extends Verb {

  @Mixin final DeviceName named = new DeviceName();

  DeviceBind(Invocation invocation) {
    super(invocation, Need.DRIVERS);
  }

  @Override
  int run(Kernel kernel, Renderer renderer) {
    var host = Host.of(kernel);
    var before = device(host, named.device);
    VfioBinding binding = VfioBinding.prepare(kernel, List.of(before.address()));
    if (before.driver().isPresent() && !before.boundTo("vfio-pci")) {
      Consent.require(
          invocation(),
          "take " + before.address() + " from its driver " + before.driver().get() + "?",
          List.of(before.address() + " is in use by the host"));
    }
    invocation().interruption().begin();
    binding.bind();
    binding.keep();
    var after = host.device(before.address());
    renderer.result(new Document.Binding(kernel.identity(), before, after, host.blockers(after)));
    return ExitCode.OK;
  }
}
