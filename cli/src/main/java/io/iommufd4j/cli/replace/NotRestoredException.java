// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.SysfsWrite;
import java.io.Serial;
import java.util.List;
import java.util.stream.Collectors;

/** Devices could not be given back to their drivers; the message says how to do it by hand. */
public final class NotRestoredException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1L;

  private final HostException first;

  /**
   * Says why, and what remains to be done.
   *
   * @param failures at least one
   * @param byHand the writes that restore everything
   */
  NotRestoredException(List<HostException> failures, List<SysfsWrite> byHand) {
    super(
        "the host is not as it was found: "
            + failures.getFirst().getMessage()
            + "; by hand: "
            + byHand.stream().map(SysfsWrite::toString).collect(Collectors.joining("; ")));
    this.first = failures.getFirst();
    failures.forEach(this::addSuppressed);
  }

  /** The first failure's. */
  public ErrnoCode errno() {
    return first.errno();
  }
}
