package io.iommufd4j.cli.command;

import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.cli.run.Need;
import io.iommufd4j.kernel.Kernel;
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
    Renderer renderer = invocation.renderer(Invocation.commandName(spec));
    try (Kernel kernel = invocation.open(need())) {
      return run(kernel, renderer);
    }
  }

  Invocation invocation() {
    return invocation;
  }
}
