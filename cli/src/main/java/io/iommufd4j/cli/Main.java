// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import io.iommufd4j.cli.command.SimExec;
import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.JsonRenderer;
import io.iommufd4j.cli.replace.Interruption;
import io.iommufd4j.cli.run.CliError;
import io.iommufd4j.cli.run.ExitCode;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.cli.run.LostOutput;
import io.iommufd4j.cli.run.NotAgreedException;
import io.iommufd4j.cli.run.Terminal;
import io.iommufd4j.exec.ProgramRun;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** iommufdctl. */
public final class Main {

  private static final Pattern JSON_WANTED =
      Pattern.compile("(^| )(-o[ =]?|--output[ =])json( |$)");

  /** The longest time that a signal waits for the host to be restored. */
  private static final Duration RESTORE_LIMIT = Duration.ofSeconds(30);

  private Main() {}

  /** Runs in its own process. */
  public static void main(String[] args) {
    var interruption = new Interruption();
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> awaitRestored(interruption), "restore-on-signal"));
    int exitCode = run(args, Terminal.ofProcess(), interruption);
    System.exit(exitCode);
  }

  private static void awaitRestored(Interruption interruption) {
    interruption.stop();
    try {
      if (!interruption.awaitEnd(RESTORE_LIMIT)) {
        System.err.println(
            Invocation.NAME
                + ": the host was not restored within "
                + RESTORE_LIMIT.toSeconds()
                + " s; see iommufdctl device list");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Runs within another program, and never ends it.
   *
   * @param out gets results
   * @param err gets everything else
   * @return the exit code
   */
  public static int run(String[] args, PrintStream out, PrintStream err) {
    return run(args, Terminal.ofStreams(out, err), new Interruption());
  }

  static int run(String[] args, Terminal terminal, Interruption interruption) {
    if (List.of(args).contains("exec")) {
      // Beside the reading of the command line, which takes longer.
      Thread.ofPlatform().daemon().name("prepares").start(ProgramRun::prepare);
    }
    var invocation = new Invocation(terminal, interruption);
    try {
      int exitCode =
          asksForVersion(args) ? version(terminal) : execute(args, invocation, asksForJson(args));
      return written(invocation, exitCode);
    } finally {
      terminal.err().flush();
      interruption.end();
    }
  }

  /** Alone it needs no command line: picocli takes longer to load than everything else of it. */
  private static boolean asksForVersion(String[] args) {
    return args.length == 1 && (args[0].equals("--version") || args[0].equals("-V"));
  }

  private static int version(Terminal terminal) {
    terminal.out().println(VersionText.line());
    return ExitCode.OK;
  }

  private static int execute(String[] args, Invocation invocation, boolean json) {
    CommandLine named = CommandTree.of(invocation, Set.copyOf(List.of(args))::contains);
    named.setExecutionStrategy(parsed ->
        isForOneCommand(parsed)
            ? executeOne(parsed, args, invocation)
            : executeAmongAll(args, invocation, json));
    named.setParameterExceptionHandler((_, _) -> executeAmongAll(args, invocation, json));
    named.setExecutionExceptionHandler(
        (thrown, command, _) -> failed(invocation, thrown, command.getCommandSpec()));
    return named.execute(args);
  }

  private static boolean isForOneCommand(ParseResult parsed) {
    List<CommandLine> named = parsed.asCommandLineList();
    return named.getLast().getCommand() instanceof Callable<?>
        && named.stream().noneMatch(CommandLine::isUsageHelpRequested);
  }

  private static int executeOne(ParseResult parsed, String[] args, Invocation invocation) {
    CommandLine command = parsed.asCommandLineList().getLast();
    try {
      Path socket = invocation.attached();
      if (socket != null && !(command.getCommand() instanceof SimExec)) {
        return AttachedTool.run(socket, args);
      }
    } catch (RuntimeException refused) {
      throw new ExecutionException(command, String.valueOf(refused.getMessage()), refused);
    }
    return new CommandLine.RunLast().execute(parsed);
  }

  /** Once more from the start, for help and for mistakes: nothing was executed before. */
  private static int executeAmongAll(String[] args, Invocation invocation, boolean json) {
    invocation.forgetOptions();
    CommandLine all = CommandTree.all(invocation);
    all.setParameterExceptionHandler((wrong, _) -> misused(invocation, wrong, json));
    all.setExecutionExceptionHandler(
        (thrown, command, _) -> failed(invocation, thrown, command.getCommandSpec()));
    return all.execute(args);
  }

  /** A result that nobody got is no success. */
  private static int written(Invocation invocation, int exitCode) {
    int left = exitCode;
    for (LostOutput lost : invocation.lostOutput()) {
      if (!lost.message().isEmpty()) {
        invocation.tell(lost.message());
      }
      left = left == ExitCode.OK ? lost.exitCode() : left;
    }
    return left;
  }

  /** Decided before parsing, since a command line that cannot be parsed may ask for JSON too. */
  private static boolean asksForJson(String[] args) {
    String line = String.join(" ", args).toLowerCase(Locale.ROOT);
    return JSON_WANTED.matcher(line).find();
  }

  private static int misused(Invocation invocation, ParameterException wrong, boolean json) {
    CommandSpec command = wrong.getCommandLine().getCommandSpec();
    String message = String.valueOf(wrong.getMessage()).replaceAll("\\s*\\R\\s*", " ");
    if (wrong instanceof UnmatchedArgumentException unmatched) {
      String question = Suggestion.of(unmatched);
      message += question.isEmpty() ? "" : "; " + question;
    }
    invocation.tell(message + "; see " + command.qualifiedName() + " --help");
    if (json) {
      new JsonRenderer(invocation.terminal().out(), Invocation.commandName(command))
          .result(invocation.failure(ExitCode.USAGE, Optional.empty(), message, Optional.empty()));
    }
    return ExitCode.USAGE;
  }

  private static int failed(Invocation invocation, Exception thrown, CommandSpec command) {
    CliError error = CliError.of(thrown);
    invocation.tell(error.message());
    for (Throwable after : thrown.getSuppressed()) {
      invocation.tell("then, giving back: " + CliError.of(after).message());
    }
    if (error.exitCode() == ExitCode.BUG && invocation.debug()) {
      thrown.printStackTrace(invocation.terminal().err());
    }
    if (invocation.json()) {
      invocation
          .renderer(Invocation.commandName(command))
          .result(
              invocation.failure(error.exitCode(), error.errno(), error.message(), plan(thrown)));
    }
    return error.exitCode();
  }

  private static Optional<Document.Intent> plan(Exception thrown) {
    return thrown instanceof NotAgreedException notAgreed
        ? Optional.of(notAgreed.plan())
        : Optional.empty();
  }
}
