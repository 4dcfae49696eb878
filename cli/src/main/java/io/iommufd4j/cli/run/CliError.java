// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.run;

import io.iommufd4j.cli.replace.DeviceStuckException;
import io.iommufd4j.cli.replace.NotPossibleException;
import io.iommufd4j.cli.replace.NotRestoredException;
import io.iommufd4j.cli.replace.StoppedException;
import io.iommufd4j.error.ErrnoException;
import io.iommufd4j.exec.NotStartedException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.KernelUnavailableException;
import java.util.Optional;

/**
 * The exit code and message that a throwable gives the caller of iommufdctl.
 *
 * @param exitCode the code to exit with
 * @param errno by name, when a kernel refused
 * @param message one line
 */
public record CliError(int exitCode, Optional<String> errno, String message) {

  public static CliError of(Throwable thrown) {
    return switch (thrown) {
      case ErrnoException e -> refused(e.errno(), e);
      case NotRestoredException e -> refused(e.errno(), e);
      case DeviceStuckException e -> refused(Errno.ETIMEDOUT, e);
      case KernelUnavailableException e -> plain(ExitCode.NOT_AVAILABLE, e);
      case NotStartedException e -> plain(ExitCode.NOT_AVAILABLE, e);
      case NotPossibleException e -> plain(ExitCode.NOT_AVAILABLE, e);
      case NotAgreedException e -> plain(e.exitCode(), e);
      case UsageException e -> plain(ExitCode.USAGE, e);
      case StoppedException e -> new CliError(ExitCode.STOPPED, Optional.empty(), stopped(e));
      default ->
          new CliError(
              ExitCode.BUG,
              Optional.empty(),
              "a bug: "
                  + oneLine(String.valueOf(thrown))
                  + "; please report it with the command line and the stack trace that"
                  + " IOMMUFDCTL_DEBUG=1 adds");
    };
  }

  /** The message for a run that was stopped and undone. */
  public static final String STOPPED = "stopped; the host is as it was found";

  private static String stopped(StoppedException stopped) {
    return stopped.getSuppressed().length == 0 ? STOPPED : "stopped";
  }

  private static CliError refused(ErrnoCode errno, RuntimeException thrown) {
    return new CliError(ExitCode.REFUSED, Optional.of(errno.name()), message(thrown));
  }

  private static CliError plain(int exitCode, RuntimeException thrown) {
    return new CliError(exitCode, Optional.empty(), message(thrown));
  }

  private static String message(RuntimeException thrown) {
    return oneLine(String.valueOf(thrown.getMessage()));
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s*\\R\\s*", " ");
  }
}
