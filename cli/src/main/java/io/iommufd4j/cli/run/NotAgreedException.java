// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.run;

import io.iommufd4j.cli.output.Document;

/** The user did not agree to what a change puts at stake; nothing was done. */
public final class NotAgreedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int exitCode;
  private final transient Document.Intent plan;

  /**
   * Says what was asked for.
   *
   * @param exitCode {@link ExitCode#NOT_AGREED}, or {@link ExitCode#USAGE} when there was nobody to
   *     ask
   */
  public NotAgreedException(int exitCode, String message, Document.Intent plan) {
    super(message);
    this.exitCode = exitCode;
    this.plan = plan;
  }

  public int exitCode() {
    return exitCode;
  }

  /** The change that was not made. */
  public Document.Intent plan() {
    return plan;
  }
}
