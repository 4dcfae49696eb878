package io.iommufd4j.cli.doctor;

/** How a check came out. */
public enum Verdict {
  /** It works. */
  OK,
  /** It works, with a limit that somebody may meet. */
  LIMITED,
  /** It could not be tried. */
  NOT_TRIED,
  /** It does not work. */
  MISSING
}
