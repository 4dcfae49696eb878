// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.uapi;

/**
 * The id of a virtual device: a bound device as the virtual machine of a vIOMMU knows it.
 *
 * @param value the kernel's number, from 1 to 2³¹ − 1
 */
public record VdeviceId(int value) implements ObjectId {

  @Override
  public String toString() {
    return "vdevice " + value;
  }
}
