package io.iommufd4j.kernel;

/** The kernel asked for cannot serve on this host. */
public final class KernelUnavailableException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String backend;
  private final String reason;
  private final String fix;

  /**
   * Says which kernel, why not, and what would help.
   *
   * @param backend {@link KernelIdentity#NATIVE} or {@link KernelIdentity#SIM}
   */
  public KernelUnavailableException(String backend, String reason, String fix) {
    super("the " + backend + " kernel cannot serve here: " + reason + "; " + fix);
    this.backend = backend;
    this.reason = reason;
    this.fix = fix;
  }

  /** {@link KernelIdentity#NATIVE} or {@link KernelIdentity#SIM}. */
  public String backend() {
    return backend;
  }

  /** The attempt and its failure. */
  public String reason() {
    return reason;
  }

  /** The change that would help. */
  public String fix() {
    return fix;
  }
}
