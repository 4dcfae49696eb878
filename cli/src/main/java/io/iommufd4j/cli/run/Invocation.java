// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.run;

import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.Document.Failure;
import io.iommufd4j.cli.output.JsonRenderer;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.output.TextRenderer;
import io.iommufd4j.cli.replace.Interruption;
import io.iommufd4j.kernel.Backend.Purpose;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.kernel.TracingKernel;
import io.iommufd4j.sim.SimKernel;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;

/** One run: its options, its streams, and the kernel that it opened. */
public final class Invocation {

  /** The command's own name. */
  public static final String NAME = "iommufdctl";

  private final Terminal terminal;
  private final Interruption interruption;
  private GlobalOptions options = new GlobalOptions();
  private @Nullable KernelIdentity kernel;
  private @Nullable TraceWriter trace;
  private @Nullable PrintStream recording;

  public Invocation(Terminal terminal, Interruption interruption) {
    this.terminal = terminal;
    this.interruption = interruption;
  }

  public Terminal terminal() {
    return terminal;
  }

  public Interruption interruption() {
    return interruption;
  }

  public GlobalOptions options() {
    return options;
  }

  /** Back to the options' defaults, for a command line that is parsed again. */
  public void forgetOptions() {
    options = new GlobalOptions();
  }

  public boolean json() {
    return options.output == OutputFormat.JSON;
  }

  /** Opens the kernel that the options choose, traced where they ask for it. */
  public Kernel open(Purpose purpose) {
    Kernel opened = KernelSource.of(options, terminal).open(purpose);
    kernel = opened.identity();
    return options.trace == null ? opened : traced(opened, options.trace);
  }

  /**
   * Opens the kernel for a recording: a simulated one unless the options say otherwise.
   *
   * @param machine that was recorded
   * @param release that was recorded
   */
  public Kernel openFor(Optional<String> machine, String release) {
    Kernel opened = KernelSource.openFor(options, machine.orElse(""), release);
    kernel = opened.identity();
    return opened;
  }

  /**
   * Starts the simulated kernel that the options choose, for whoever runs programs on it.
   *
   * @param release of Linux; empty for the newest
   */
  public SimKernel simulated(String release) {
    SimKernel started = KernelSource.simulated(options, release);
    kernel = started.identity();
    return started;
  }

  /**
   * The socket of another process' simulated kernel; null when that is not asked for.
   *
   * @throws UsageException when another kernel is asked for, too
   */
  public @Nullable Path attached() {
    if (options.attach == null) {
      return null;
    }
    KernelSource.checkAttached(options);
    return Path.of(options.attach);
  }

  private Kernel traced(Kernel opened, String file) {
    return new TracingKernel(opened, trace(file));
  }

  private TraceWriter trace(String file) {
    var writer = TraceWriter.to(file, terminal.err());
    trace = writer;
    return writer;
  }

  /** True if a trace is asked for. */
  public boolean traces() {
    return options.trace != null;
  }

  /**
   * Opens what {@code --trace} names, for a verb that writes a trace of its own.
   *
   * @return null when no trace is asked for
   * @throws UsageException when the file cannot be written
   */
  public @Nullable PrintStream trace() {
    return options.trace == null ? null : trace(options.trace).stream();
  }

  /**
   * Opens the file of a recording.
   *
   * @throws UsageException when it cannot be written
   */
  public PrintStream recording(String file) {
    PrintStream opened = OutputFile.open(file, "the recording");
    recording = opened;
    return opened;
  }

  /** The output, of the result, a trace and a recording, that could not be written. */
  public List<LostOutput> lostOutput() {
    return Stream.of(
            LostOutput.of(terminal.out(), "the output"),
            Optional.ofNullable(trace).flatMap(TraceWriter::lost),
            Optional.ofNullable(recording).flatMap(to -> LostOutput.of(to, "the recording")))
        .flatMap(Optional::stream)
        .toList();
  }

  /**
   * The renderer that shows results, as text or as JSON.
   *
   * @param command the verb, as {@code device list}
   */
  public Renderer renderer(String command) {
    if (json()) {
      return new JsonRenderer(terminal.out(), command);
    }
    boolean colors = terminal.colorsOut() && !options.noColor;
    return new TextRenderer(terminal.out(), colors ? Ansi.ON : Ansi.OFF);
  }

  /**
   * The document of a failure.
   *
   * @param plan the change that was not agreed to
   */
  public Failure failure(
      int exitCode, Optional<String> errno, String message, Optional<Document.Intent> plan) {
    return new Failure(Optional.ofNullable(kernel), exitCode, errno, message, plan);
  }

  /** True if {@code --yes} agrees to what would be asked. */
  public boolean agreed() {
    return options.yes;
  }

  /** Prints it on stderr, in a line that begins with the command's name. */
  public void tell(String message) {
    terminal.err().println(NAME + ": " + message);
  }

  /** The verb as JSON names it, without the command's own name. */
  public static String commandName(@Nullable CommandSpec spec) {
    return spec == null ? "" : spec.qualifiedName(" ").replaceFirst("^" + NAME + " ?", "");
  }

  /** True if stack traces are wanted where there is a bug. */
  public boolean debug() {
    return options.trace != null || terminal.isSet("IOMMUFDCTL_DEBUG");
  }
}
