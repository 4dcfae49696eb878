// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

import io.iommufd4j.bindings.libc.libc_h;

/**
 * The accesses that a process may make to mapped memory.
 *
 * @param readable whether it may read
 * @param writable whether it may write; on the machines simulated that includes reading
 */
public record Protection(boolean readable, boolean writable) {

  /**
   * From the bits of {@code mmap}.
   *
   * @param bits {@code PROT_*}
   */
  public static Protection of(int bits) {
    boolean writable = (bits & libc_h.PROT_WRITE()) != 0;
    return new Protection(writable || (bits & libc_h.PROT_READ()) != 0, writable);
  }
}
