// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.uapi;

/**
 * The id of an I/O address space (IOAS).
 *
 * @param value the kernel's number, from 1 to 2³¹ − 1
 */
public record IoasId(int value) implements PageTableId {

  @Override
  public String toString() {
    return "IOAS " + value;
  }
}
