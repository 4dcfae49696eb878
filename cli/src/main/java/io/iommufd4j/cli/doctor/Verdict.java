// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.doctor;

/** The outcome of a check. */
public enum Verdict {
  /** It works. */
  OK,
  /** It works, with a limit that somebody may meet. */
  LIMITED,
  /** It works for somebody who has it right now, and was not tried. */
  IN_USE,
  /** It could not be tried. */
  NOT_TRIED,
  /** It does not work. */
  MISSING
}
