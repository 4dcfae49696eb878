// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

/** The result of a check that a kernel can be used here. */
public sealed interface Availability {

  /** It can. */
  record Available() implements Availability {}

  /**
   * It cannot.
   *
   * @param reason what was tried and how it failed, in one line
   * @param fix what would help, in one line
   */
  record Unavailable(String reason, String fix) implements Availability {}
}
