package io.iommufd4j.kernel;

/** Whether a kernel can serve here. */
public sealed interface Availability {

  /** It can. */
  record Available() implements Availability {}

  /**
   * It cannot.
   *
   * @param reason what was tried and how it failed, in one line
   * @param mend what would help, in one line
   */
  record Unavailable(String reason, String mend) implements Availability {}
}
