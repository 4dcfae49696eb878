// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device.model;

import static io.iommufd4j.sim.device.model.LittleEndian.INT;
import static io.iommufd4j.sim.device.model.LittleEndian.LONG;
import static io.iommufd4j.sim.device.model.LittleEndian.SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * Identities of a controller and its namespace: where a driver reads them as those of QEMU 11.1.3's
 * {@code nvme}, and without the optional commands that this one does not have.
 */
final class NvmeIdentity {

  static final int BYTES = 4096;

  /** Pages of 4 KiB of the longest transfer, as a power of two (MDTS). */
  private static final int MOST_PAGES = 7;

  static final int MOST_BYTES = 4096 << MOST_PAGES;

  private static final int NAMESPACES = 256;
  private static final int FIRST = 1;

  private final MemorySegment page = MemorySegment.ofArray(new long[BYTES / Long.BYTES]);

  private NvmeIdentity() {}

  /** {@return whether a namespace can be meant, and is there} */
  static int status(int namespace) {
    if (!valid(namespace)) {
      return NvmeStatus.INVALID_NAMESPACE;
    }
    return namespace == FIRST ? NvmeStatus.SUCCESS : NvmeStatus.INVALID_FIELD;
  }

  static boolean valid(int namespace) {
    return namespace > 0 && namespace <= NAMESPACES;
  }

  /** {@return the controller's} */
  static MemorySegment controller() {
    var identity = new NvmeIdentity();
    identity.page.set(SHORT, 0, (short) 0x1b36);
    identity.page.set(SHORT, 2, (short) 0x1af4);
    identity.text(4, 20, "lab");
    identity.text(24, 40, "QEMU NVMe Ctrl");
    identity.text(64, 8, "11.1.3");
    identity.bytes(72, 6, 0x00, 0x54, 0x52, 0, MOST_PAGES);
    identity.page.set(INT, 80, NvmeModel.VERSION_1_4);
    identity.bytes(111, 1);
    identity.bytes(258, 3, 3, 3);
    identity.page.set(SHORT, 266, (short) 0x157);
    identity.page.set(SHORT, 268, (short) 0x175);
    identity.bytes(512, 0x66, 0x44);
    identity.page.set(INT, 516, NAMESPACES);
    identity.bytes(525, 7);
    identity.bytes(768, "nqn.2019-08.org.qemu:lab".getBytes(StandardCharsets.US_ASCII));
    identity.page.set(SHORT, 2048, (short) 0x09c4);
    identity.page.set(INT, 2052, 0x10);
    identity.page.set(INT, 2056, 0x04);
    return identity.page;
  }

  /** {@return a namespace's; zeros of one that is not there} */
  static MemorySegment namespace(int namespace, long blocks) {
    var identity = new NvmeIdentity();
    if (namespace == FIRST) {
      for (int at = 0; at < 24; at += 8) {
        identity.page.set(LONG, at, blocks);
      }
      identity.bytes(33, 1);
      identity.bytes(130, 9);
    }
    return identity.page;
  }

  /** {@return the namespaces above one} */
  static MemorySegment list(int above) {
    var identity = new NvmeIdentity();
    if (Integer.compareUnsigned(above, FIRST) < 0) {
      identity.page.set(INT, 0, FIRST);
    }
    return identity.page;
  }

  /** Text that is filled up with spaces. */
  private void text(int at, int length, String text) {
    bytes(at, (text + " ".repeat(length - text.length())).getBytes(StandardCharsets.US_ASCII));
  }

  private void bytes(int at, byte... values) {
    page.asSlice(at, values.length).copyFrom(MemorySegment.ofArray(values));
  }

  private void bytes(int at, int... values) {
    for (int i = 0; i < values.length; i++) {
      page.set(ValueLayout.JAVA_BYTE, at + i, (byte) values[i]);
    }
  }
}
