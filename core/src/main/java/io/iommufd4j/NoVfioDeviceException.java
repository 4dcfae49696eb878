package io.iommufd4j;

/** A device that was named is not there, or VFIO does not have it. */
public final class NoVfioDeviceException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String where;

  /**
   * Says which device and why not.
   *
   * @param where the device as the caller named it
   * @param reason why not, and what would help
   */
  public NoVfioDeviceException(String where, String reason) {
    super(where + ": " + reason);
    this.where = where;
  }

  /** The device as the caller named it. */
  public String where() {
    return where;
  }
}
