package io.iommufd4j.cli;

/** What iommufdctl leaves with. */
final class ExitCode {

  static final int OK = 0;
  static final int REFUSED = 1;
  static final int USAGE = 2;
  static final int NOT_AVAILABLE = 3;
  static final int NOT_AGREED = 4;
  static final int BUG = 70;

  /** In-process only: a signal gives 128 + its number, which the JVM sets itself. */
  static final int STOPPED = 130;

  /** Nobody reads the output any more: what SIGPIPE leaves with in a program that it ends. */
  static final int READER_GONE = 141;

  private ExitCode() {}
}
