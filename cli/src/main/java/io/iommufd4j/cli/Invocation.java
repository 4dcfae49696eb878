package io.iommufd4j.cli;

import io.iommufd4j.cli.output.Document.Failure;
import io.iommufd4j.cli.output.Ink;
import io.iommufd4j.cli.output.JsonRenderer;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.output.TextRenderer;
import io.iommufd4j.cli.replace.Interruption;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.kernel.TracingKernel;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One run: its options, what it talks through, and the kernel it ended up with. */
final class Invocation {

  private final Terminal terminal;
  private final Interruption interruption;
  private final GlobalOptions options = new GlobalOptions();
  private @Nullable KernelIdentity kernel;

  Invocation(Terminal terminal, Interruption interruption) {
    this.terminal = terminal;
    this.interruption = interruption;
  }

  Terminal terminal() {
    return terminal;
  }

  Interruption interruption() {
    return interruption;
  }

  GlobalOptions options() {
    return options;
  }

  boolean json() {
    return options.output == OutputFormat.JSON;
  }

  /** Opens the kernel that the options choose, traced where they ask for it. */
  Kernel open(Need need) {
    Kernel opened = KernelSource.of(options, terminal).open(need);
    kernel = opened.identity();
    return options.trace == null ? opened : traced(opened, options.trace);
  }

  private Kernel traced(Kernel opened, String file) {
    return new TracingKernel(opened, TraceWriter.to(file, terminal.err()));
  }

  /**
   * How results are shown.
   *
   * @param command the verb, as {@code device list}
   */
  Renderer renderer(String command) {
    if (json()) {
      return new JsonRenderer(terminal.out(), command);
    }
    boolean colours = terminal.outIsTerminal() && !options.noColor && !terminal.isSet("NO_COLOR");
    return new TextRenderer(terminal.out(), new Ink(colours));
  }

  /** The document of a failure. */
  Failure failure(int exitCode, Optional<String> errno, String message) {
    return new Failure(Optional.ofNullable(kernel), exitCode, errno, message);
  }

  /** Whether stack traces are wanted where there is a bug. */
  boolean debug() {
    return options.trace != null || terminal.isSet("IOMMUFDCTL_DEBUG");
  }
}
