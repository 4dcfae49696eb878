package io.iommufd4j.cli;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.Document.Failure;
import io.iommufd4j.cli.output.Ink;
import io.iommufd4j.cli.output.JsonRenderer;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.output.TextRenderer;
import io.iommufd4j.cli.replace.Interruption;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.kernel.TracingKernel;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One run: its options, what it talks through, and the kernel it ended up with. */
final class Invocation {

  private final Terminal terminal;
  private final Interruption interruption;
  private final GlobalOptions options = new GlobalOptions();
  private @Nullable KernelIdentity kernel;
  private @Nullable TraceWriter trace;

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
    var writer = TraceWriter.to(file, terminal.err());
    trace = writer;
    return new TracingKernel(opened, writer);
  }

  /** The output, of the result and of a trace, that could not be written. */
  List<LostOutput> lostOutput() {
    var result = LostOutput.of(terminal.out(), "the output").stream();
    var traced = Optional.ofNullable(trace).flatMap(TraceWriter::lost).stream();
    return Stream.concat(result, traced).toList();
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
    boolean colours = terminal.coloursOut() && !options.noColor;
    return new TextRenderer(terminal.out(), new Ink(colours));
  }

  /**
   * The document of a failure.
   *
   * @param plan what would have been done, where that was not agreed to
   */
  Failure failure(
      int exitCode, Optional<String> errno, String message, Optional<Document.Intent> plan) {
    return new Failure(Optional.ofNullable(kernel), exitCode, errno, message, plan);
  }

  /** Whether stack traces are wanted where there is a bug. */
  boolean debug() {
    return options.trace != null || terminal.isSet("IOMMUFDCTL_DEBUG");
  }
}
