// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.run;

/** The exit codes of iommufdctl. */
public final class ExitCode {

  public static final int OK = 0;
  public static final int REFUSED = 1;
  public static final int USAGE = 2;
  public static final int NOT_AVAILABLE = 3;
  public static final int NOT_AGREED = 4;

  /** A kernel answered otherwise than was recorded. */
  public static final int DIFFERENT = 5;

  public static final int BUG = 70;

  /** In-process only: a signal gives 128 + its number, which the JVM sets itself. */
  public static final int STOPPED = 130;

  /** Nobody reads the output any more: what SIGPIPE leaves with in a program that it ends. */
  public static final int READER_GONE = 141;

  private ExitCode() {}
}
