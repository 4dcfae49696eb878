// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.driver;

/** The result of a transaction in a guest's first stage. */
sealed interface Smmuv3Walk {

  /**
   * It goes on to the guest's memory.
   *
   * @param address there, in bytes
   */
  record Found(long address) implements Smmuv3Walk {}

  /**
   * It is aborted, and the guest gets an event.
   *
   * @param type number of the event
   * @param details second double word of the event's record
   * @param address the one the device asked for, in events that report it
   */
  record Event(int type, long details, long address) implements Smmuv3Walk {

    static final int BAD_ENTRY = 0x04;
    static final int BAD_CONTEXT = 0x0a;
    static final int TRANSLATION = 0x10;
    static final int ADDRESS_SIZE = 0x11;
    static final int ACCESS = 0x12;
    static final int PERMISSION = 0x13;

    private static final long READ = 1L << 35;

    /** The input address is what the fault is about, not a table or a context. */
    private static final long INPUT = 2L << 40;

    /** The event for a setup by the guest that the SMMU cannot use. */
    static Event ofSetup(int type) {
      return new Event(type, 0, 0);
    }

    /** An address meets a fault. */
    static Event at(int type, long address, boolean write) {
      return new Event(type, INPUT | (write ? 0 : READ), address);
    }
  }

  /** It is aborted, and that is not for the guest to know, or the guest does not want to. */
  record Aborted() implements Smmuv3Walk {}
}
