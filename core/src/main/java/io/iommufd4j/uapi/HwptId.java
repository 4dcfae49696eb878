// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.uapi;

import org.jspecify.annotations.Nullable;

/**
 * The id of a hardware page table (HWPT), whether allocated by name or made by the kernel for an
 * attach.
 *
 * @param value the kernel's number, from 1 to 2³¹ − 1
 */
public record HwptId(int value) implements PageTableId {

  // Written out: what a record generates is linked anew in each JVM.
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof HwptId id && value == id.value;
  }

  @Override
  public int hashCode() {
    return value;
  }

  @Override
  public String toString() {
    return "HWPT " + value;
  }
}
