// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import io.iommufd4j.cli.replace.NotPossibleException;
import io.iommufd4j.error.HostException;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.process.VfioProcess;
import java.util.List;

/**
 * Processes and what they have of iommufd and VFIO, found without changing anything.
 *
 * @param processes by ascending number
 * @param hidden the number of processes whose descriptors may not be looked at
 */
public record Inspection(List<ProcessView> processes, int hidden) {

  /** Copies the list. */
  public Inspection {
    processes = List.copyOf(processes);
  }

  /** Every process that has such a file open. */
  public static Inspection all(Kernel kernel) {
    VfioProcess.Listing listing = VfioProcess.all(kernel);
    return new Inspection(
        listing.processes().stream()
            .map(process -> ProcessView.asFarAsAllowed(kernel, process))
            .toList(),
        listing.hidden());
  }

  /**
   * One process.
   *
   * @throws NotPossibleException without the right to look into it
   * @throws HostException {@code ESRCH} without such a process
   */
  public static Inspection of(Kernel kernel, long pid) {
    try {
      return new Inspection(List.of(ProcessView.of(kernel, VfioProcess.of(kernel, pid))), 0);
    } catch (HostException refused) {
      if (refused.errno() == Errno.EACCES) {
        throw new NotPossibleException("cannot look into process " + pid + ": " + refused.hint());
      }
      throw refused;
    } catch (KernelException refused) {
      if (refused.errno() == Errno.EPERM) {
        throw new NotPossibleException("cannot look into process " + pid + ": " + refused.hint());
      }
      throw refused;
    }
  }
}
