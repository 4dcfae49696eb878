// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.bindings.iommufd.iommu_ioas_change_process;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommufd.Ioas;
import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.iommufd.IommufdObject;
import io.iommufd4j.sim.iommufd.ioas.PayerChange;
import io.iommufd4j.sim.lib.Refused;

/**
 * {@code IOMMU_IOAS_CHANGE_PROCESS}: the process that calls pays for what is pinned from now on.
 * Only files can change hands.
 */
final class ChangeProcessCommand {

  private ChangeProcessCommand() {}

  /**
   * EOPNOTSUPP for reserved fields, EBUSY when an area is being changed, EINVAL when one is not a
   * file's, ENOMEM when the process that calls may not pin what it would pay for: nothing changes
   * hands then.
   */
  static void execute(Command command) {
    if (iommu_ioas_change_process.__reserved(command.block()) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    var change = new PayerChange();
    for (IommufdObject object : command.objects().all()) {
      if (object instanceof Ioas ioas) {
        change.add(ioas.table);
      }
    }
    IommufdContext context = command.context();
    synchronized (context) {
      change.payBy(context.accounting());
    }
  }
}
