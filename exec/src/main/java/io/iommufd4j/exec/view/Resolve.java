// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

/** {@code RESOLVE_*} of {@code openat2(2)}, as {@code linux/openat2.h} numbers them. */
final class Resolve {

  static final long NO_XDEV = 0x01;
  static final long NO_SYMLINKS = 0x04;
  static final long BENEATH = 0x08;
  static final long IN_ROOT = 0x10;

  private Resolve() {}
}
