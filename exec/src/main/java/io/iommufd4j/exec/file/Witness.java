// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.file;

import io.iommufd4j.exec.process.Program;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.linux.SystemCall;
import java.util.function.LongSupplier;

/** Sees what programs do with simulated files, and may answer in the kernel's place. */
public interface Witness {

  /**
   * A call on an open file.
   *
   * @param which {@code ioctl}, or a transfer
   * @param call with its arguments
   * @param program that makes it
   * @param opened the file
   * @param work does it: ≥ 0, or −errno, or a {@link io.iommufd4j.sim.lib.Refused}
   * @return the answer, as work gives it
   */
  long call(
      SystemCall which, SeccompListener call, Program program, Opened opened, LongSupplier work);

  /**
   * An open, which may be of no file that there is.
   *
   * @param call with its arguments
   * @param path as far as it is known, without links
   * @param flags {@code O_*}
   * @param work as of {@link #call}
   * @return as of {@link #call}
   */
  long open(SeccompListener call, String path, int flags, LongSupplier work);

  /**
   * {@code mmap(2)}, before the program gets its answer.
   *
   * @param call with its arguments
   * @param program that makes it
   * @param opened the file
   * @param refused −errno; 0 when the host makes the mapping as soon as the call goes on
   */
  void maps(SeccompListener call, Program program, Opened opened, long refused);

  /**
   * No program has a file open any more.
   *
   * @param opened the file
   */
  void released(Opened opened);
}
