package io.iommufd4j.cli;

/** What iommufdctl leaves with. */
final class ExitCode {

  static final int OK = 0;
  static final int REFUSED = 1;
  static final int USAGE = 2;
  static final int NOT_AVAILABLE = 3;
  static final int BUG = 70;

  /** In-process only: a signal gives 128 + its number, which the JVM sets itself. */
  static final int STOPPED = 130;

  private ExitCode() {}
}
