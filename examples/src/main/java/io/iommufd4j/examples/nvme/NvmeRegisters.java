// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples.nvme;

/** Registers of an NVMe controller: offsets in BAR 0, and the bits used of them. */
final class NvmeRegisters {

  /** Capabilities, 64 bits. */
  static final int CAP = 0x00;

  /** Version: major, minor, tertiary. */
  static final int VS = 0x08;

  /** Controller configuration. */
  static final int CC = 0x14;

  /** Controller status. */
  static final int CSTS = 0x1c;

  /** Sizes of the admin queues. */
  static final int AQA = 0x24;

  /** IOVA of the admin submission queue, 64 bits. */
  static final int ASQ = 0x28;

  /** IOVA of the admin completion queue, 64 bits. */
  static final int ACQ = 0x30;

  /** The first doorbell, that of the admin submission queue. */
  static final int DOORBELLS = 0x1000;

  /** CC: pages of 4 KiB, submissions of 64 bytes, completions of 16. */
  static final int CC_SIZES = 4 << 20 | 6 << 16;

  static final int CC_ENABLE = 1;
  static final int CC_SHUTDOWN = 1 << 14;

  static final int CSTS_READY = 1;
  static final int CSTS_FATAL = 1 << 1;
  static final int CSTS_SHUTDOWN_MASK = 3 << 2;
  static final int CSTS_SHUTDOWN_DONE = 2 << 2;

  private NvmeRegisters() {}

  /** False for what reads as zeros or, because nothing answers, as ones. */
  static boolean plausible(long cap) {
    return cap != 0 && cap != -1;
  }

  /** Largest number of entries of a queue. */
  static int maxEntries(long cap) {
    return (int) (cap & 0xffff) + 1;
  }

  /** Milliseconds that the controller may take to become ready, or no longer to be. */
  static int readyMillis(long cap) {
    return (int) (cap >>> 24 & 0xff) * 500;
  }

  /** Bytes from one doorbell to the next. */
  static int doorbellStride(long cap) {
    return 4 << (int) (cap >>> 32 & 0xf);
  }

  /** Bytes of the smallest page that the controller takes. */
  static long minPage(long cap) {
    return 4096L << (int) (cap >>> 48 & 0xf);
  }
}
