// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

/** The kernel asked for cannot serve on this host. */
public final class KernelUnavailableException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** See {@link #backend()}. */
  private final String backend;

  /** See {@link #reason()}. */
  private final String reason;

  /** See {@link #fix()}. */
  private final String fix;

  /**
   * Says which kernel, why not, and what would help.
   *
   * @param backend {@link KernelIdentity#NATIVE} or {@link KernelIdentity#SIM}
   * @param reason the attempt and its failure
   * @param fix the change that would help
   */
  public KernelUnavailableException(String backend, String reason, String fix) {
    super("the " + backend + " kernel cannot serve here: " + reason + "; " + fix);
    this.backend = backend;
    this.reason = reason;
    this.fix = fix;
  }

  /** {@return {@link KernelIdentity#NATIVE} or {@link KernelIdentity#SIM}} */
  public String backend() {
    return backend;
  }

  /** {@return the attempt and its failure} */
  public String reason() {
    return reason;
  }

  /** {@return the change that would help} */
  public String fix() {
    return fix;
  }
}
