// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.nesting;

/** Commands of an SMMUv3's queue, first words. */
final class SmmuCommands {

  static final long CONFIG_CONTEXT = 0x05;
  static final long CONFIG_ALL_CONTEXTS = 0x06;
  static final long ADDRESS_SPACE = 0x11;
  static final long ADDRESS = 0x12;
  static final long ALL = 0x30;

  private SmmuCommands() {}

  /** A command for the device of the guest. */
  static long ofStream(long operation) {
    return operation | Guest.STREAM << 32;
  }
}
