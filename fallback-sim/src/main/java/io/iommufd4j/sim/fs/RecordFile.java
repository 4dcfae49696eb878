// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;

/**
 * A file that is read and written record by record, by user address: a record that could not be
 * handed out is not lost.
 */
public interface RecordFile extends OpenFile {

  /**
   * {@code read}: whole records, as many as fit.
   *
   * @param address where they go
   * @param count bytes there is room for
   * @return bytes handed out
   */
  long read(long address, long count);

  /**
   * {@code write}: whole records.
   *
   * @param address where they lie
   * @param count bytes
   * @return bytes taken
   * @throws Refused EINVAL for a file that nobody can write to
   */
  default long write(long address, long count) {
    throw Refused.with(Errno.EINVAL);
  }
}
