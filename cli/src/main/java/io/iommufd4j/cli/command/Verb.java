// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.kernel.Backend.Purpose;
import io.iommufd4j.kernel.Kernel;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A verb: opens the kernel it needs, does its work, shows the result. */
public abstract class Verb implements Callable<Integer> {

  private final Invocation invocation;
  private final Purpose purpose;

  @Spec @Nullable CommandSpec spec;

  Verb(Invocation invocation, Purpose purpose) {
    this.invocation = invocation;
    this.purpose = purpose;
  }

  /** The exit code. */
  protected abstract int run(Kernel kernel, Renderer renderer);

  /** The purpose that this run of the verb has for a kernel. */
  protected Purpose purpose() {
    return purpose;
  }

  @Override
  public Integer call() {
    Renderer renderer = invocation.renderer(Invocation.commandName(spec));
    try (Kernel kernel = invocation.open(purpose())) {
      return run(kernel, renderer);
    }
  }

  protected final Invocation invocation() {
    return invocation;
  }
}
