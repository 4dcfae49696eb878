// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.process;

/** The files that stand in for simulated ones, as a process has them mapped. */
@FunctionalInterface
public interface StandIns {

  /**
   * The physical address of the register that a file shows at an offset.
   *
   * @return −1 for a file that shows none
   */
  long registers(HostInode file, long offset);
}
