// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.uapi;

/**
 * The id of a vIOMMU: the part of an IOMMU that a virtual machine has for itself.
 *
 * @param value the kernel's number, from 1 to 2³¹ − 1
 */
public record ViommuId(int value) implements HwptParentId {

  @Override
  public String toString() {
    return "vIOMMU " + value;
  }
}
