package io.iommufd4j.cli;

import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciDevice;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A verb: opens the kernel it needs, does its work, shows what came of it. */
abstract class Verb implements Callable<Integer> {

  private final Invocation invocation;
  private final Need need;

  @Spec @Nullable CommandSpec spec;

  Verb(Invocation invocation, Need need) {
    this.invocation = invocation;
    this.need = need;
  }

  /** The exit code. */
  abstract int run(Kernel kernel, Renderer renderer);

  /** What this run of the verb needs of a kernel. */
  Need need() {
    return need;
  }

  @Override
  public Integer call() {
    Renderer renderer = invocation.renderer(Main.commandName(spec));
    try (Kernel kernel = invocation.open(need())) {
      return run(kernel, renderer);
    }
  }

  Invocation invocation() {
    return invocation;
  }

  /** After a change: a simulated kernel, and all that was changed in it, ends with the command. */
  void noteIfNothingStays(Kernel kernel) {
    if (kernel.identity().simulated()) {
      invocation
          .terminal()
          .err()
          .println(
              "note: the simulated kernel ends with this command; nothing of the change stays");
    }
  }

  /**
   * The device that was named.
   *
   * @throws UsageException when the text names no device at all
   * @throws io.iommufd4j.error.HostException when there is no such device
   */
  static PciDevice device(Host host, String where) {
    try {
      return host.locate(where);
    } catch (IllegalArgumentException malformed) {
      throw new UsageException(String.valueOf(malformed.getMessage()));
    }
  }
}
