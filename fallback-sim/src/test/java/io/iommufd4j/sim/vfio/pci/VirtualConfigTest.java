// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.function.EduFunction;
import io.iommufd4j.sim.function.TestMachine;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.pci.PciBus;
import io.iommufd4j.sim.pci.PciConfigSpace;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The reads and writes that the lab's vfio-pci allowed in an edu function's configuration space.
 */
final class VirtualConfigTest {

  private final TestMachine machine = new TestMachine(IommuPreset.VTD);
  private final EduFunction edu = machine.edu("0000:00:08.0", new PciBus(false), machine.group(3));
  private final VirtualConfig config = new VirtualConfig(edu, new VirtualConfig.Listener() {});

  @AfterEach
  void close() {
    machine.close();
  }

  private long read(int at, int bytes) {
    byte[] buffer = new byte[bytes];
    assertEquals(bytes, config.read(at, MemorySegment.ofArray(buffer)));
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (buffer[i] & 0xffL) << (8 * i);
    }
    return value;
  }

  private void write(int at, int bytes, long value) {
    byte[] buffer = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      buffer[i] = (byte) (value >> (8 * i));
    }
    assertEquals(bytes, config.write(at, MemorySegment.ofArray(buffer)));
  }

  @Test
  void asItIsRightAfterBind() {
    byte[] all = new byte[PciConfigSpace.CONVENTIONAL];
    assertEquals(256, config.read(0, MemorySegment.ofArray(all)));
    assertEquals(
        "3412e811030110001000ff00000000000000a0fe000000000000000000000000"
            + "000000000000000000000000f41a00110000000040000000000000000a010000"
            + "0500800000000000",
        HexFormat.of().formatHex(all, 0, 72));
    for (int i = 72; i < all.length; i++) {
      assertEquals(0, all[i]);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0x00, 4, 0xffffffff, 0x11e81234",
    "0x04, 2, 0xffff, 0x0507",
    "0x04, 2, 0, 0",
    "0x04, 2, 2, 2",
    "0x04, 2, 0x406, 0x406",
    "0x06, 2, 0xffff, 0x10",
    "0x08, 4, 0xffffffff, 0x00ff0010",
    "0x0c, 4, 0xffffffff, 0xff",
    "0x10, 4, 0xffffffff, 0xfff00000",
    "0x14, 4, 0xffffffff, 0",
    "0x24, 4, 0xffffffff, 0",
    "0x28, 4, 0xffffffff, 0",
    "0x2c, 4, 0xffffffff, 0x11001af4",
    "0x30, 4, 0xffffffff, 0",
    "0x34, 4, 0xffffffff, 0x40",
    "0x38, 4, 0xffffffff, 0",
    "0x3c, 4, 0xffffffff, 0x1ff",
    "0x3c, 1, 0x55, 0x55",
    "0x3d, 1, 7, 1",
    "0x3e, 1, 7, 0",
    "0x10, 4, 0xfea00000, 0xfea00000",
    "0x10, 4, 0x12345678, 0x12300000",
    "0x40, 2, 0xffff, 5",
    "0x42, 2, 0xffff, 0x8e",
    "0x44, 2, 0xffff, 0xffff",
    "0x4a, 2, 0xffff, 0xffff",
    "0x4c, 2, 0xffff, 0xffff",
    "0x4e, 2, 0xffff, 0xffff",
    "0x80, 4, 0xffffffff, 0xffffffff"
  })
  void whatIsWrittenReadsBackSo(String at, int bytes, String value, String expected) {
    write(Integer.decode(at), bytes, Long.decode(value));
    assertEquals(
        Long.toHexString(Long.decode(expected)), Long.toHexString(read(Integer.decode(at), bytes)));
  }

  @Test
  void barsAreVirtualAndTheRealOnesStay() {
    write(0x10, 4, 0xffffffffL);
    assertEquals(0xfea00000, edu.config().read(0x10, 4));
  }

  @Test
  void busMasteringAndDecodingAreReal() {
    write(4, 2, 4);
    assertTrue(edu.config().busMaster());
    assertFalse(config.decodesMemory());
    write(4, 1, 2);
    assertFalse(edu.config().busMaster());
    assertTrue(config.decodesMemory());
  }

  @Test
  void accessesThatAreNotAligned() {
    assertEquals(0x0103_11e8_12L, read(1, 5));
    assertEquals(4, config.read(252, MemorySegment.ofArray(new byte[4])));
  }

  @Test
  void beyondTheEndIsEfault() {
    for (int at = 253; at < 256; at++) {
      int start = at;
      Refused refused =
          assertThrows(Refused.class, () -> config.read(start, MemorySegment.ofArray(new byte[4])));
      assertEquals(Errno.EFAULT, refused.errno());
    }
  }
}
