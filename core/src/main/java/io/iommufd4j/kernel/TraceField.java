// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

/**
 * One field of a traced call.
 *
 * @param name the UAPI's own field name, or the parameter's name in the manual page
 * @param value addresses, lengths of 64 bits and flags in hexadecimal, everything else in decimal
 */
public record TraceField(String name, String value) {

  @Override
  public String toString() {
    return name + "=" + value;
  }
}
