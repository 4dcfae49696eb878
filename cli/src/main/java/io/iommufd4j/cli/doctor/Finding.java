package io.iommufd4j.cli.doctor;

/**
 * What one check showed.
 *
 * @param check what was tried, in a word or two
 * @param verdict how it came out
 * @param seen what was done and what answered, in one line
 * @param mend what would help, in one line; empty when nothing needs to
 */
public record Finding(String check, Verdict verdict, String seen, String mend) {

  static Finding ok(String check, String seen) {
    return new Finding(check, Verdict.OK, seen, "");
  }

  static Finding missing(String check, String seen, String mend) {
    return new Finding(check, Verdict.MISSING, seen, mend);
  }

  static Finding notTried(String check, String seen, String mend) {
    return new Finding(check, Verdict.NOT_TRIED, seen, mend);
  }
}
