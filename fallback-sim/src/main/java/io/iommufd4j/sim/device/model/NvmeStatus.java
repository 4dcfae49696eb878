// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device.model;

/** Status of a completed command, type and code, with the bit that says not to try again. */
final class NvmeStatus {

  static final int SUCCESS = 0;
  static final int TRANSFER_ERROR = 0x0004;

  private static final int DO_NOT_RETRY = 0x4000;

  static final int INVALID_OPCODE = 0x0001 | DO_NOT_RETRY;
  static final int INVALID_FIELD = 0x0002 | DO_NOT_RETRY;
  static final int INVALID_NAMESPACE = 0x000b | DO_NOT_RETRY;
  static final int INVALID_OFFSET = 0x0013 | DO_NOT_RETRY;
  static final int OUT_OF_RANGE = 0x0080 | DO_NOT_RETRY;
  static final int INVALID_COMPLETION_QUEUE = 0x0100 | DO_NOT_RETRY;
  static final int INVALID_QUEUE = 0x0101 | DO_NOT_RETRY;
  static final int INVALID_SIZE = 0x0102 | DO_NOT_RETRY;
  static final int TOO_MANY_EVENTS = 0x0105 | DO_NOT_RETRY;
  static final int INVALID_VECTOR = 0x0108 | DO_NOT_RETRY;
  static final int INVALID_DELETION = 0x010c | DO_NOT_RETRY;

  private NvmeStatus() {}
}
