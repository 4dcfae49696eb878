// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.file;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;

/** Refusals of the host, as the program gets them. */
final class Opening {

  private Opening() {}

  /**
   * A descriptor.
   *
   * @throws Refused for −errno: EMFILE, ENFILE, ENOSPC as they are, anything else as ENOMEM
   */
  static int require(int answer) {
    if (answer >= 0) {
      return answer;
    }
    for (Errno errno : new Errno[] {Errno.EMFILE, Errno.ENFILE, Errno.ENOSPC}) {
      if (errno.negated() == answer) {
        throw Refused.with(errno);
      }
    }
    throw Refused.with(Errno.ENOMEM);
  }
}
