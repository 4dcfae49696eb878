// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.run;

/** The command line asks for something that makes no sense; found out after it was parsed. */
public final class UsageException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public UsageException(String message) {
    super(message);
  }

  /** A library does not take what the command line gives it, and says why. */
  public UsageException(IllegalArgumentException refused) {
    super(refused.getMessage(), refused);
  }
}
