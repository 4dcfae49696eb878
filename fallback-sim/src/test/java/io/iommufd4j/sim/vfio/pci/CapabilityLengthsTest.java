// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.sim.pci.PciConfigSpace;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each kind of capability, by its first registers. Kernel source: {@code vfio_pci_config.c}. */
final class CapabilityLengthsTest {

  private static PciConfigSpace with(int at, String registers) {
    var bytes = new byte[4096];
    byte[] capability = HexFormat.of().parseHex(registers);
    System.arraycopy(capability, 0, bytes, at, capability.length);
    return PciConfigSpace.found(bytes, bytes.length);
  }

  @ParameterizedTest(name = "{0}: {2} bytes")
  @CsvSource({
    "power management, 01000300, 8",
    "AGP, 02000000, 12",
    "vital product data, 03000000, 8",
    "a slot's number, 04000000, 0",
    "PCI-X, 07000000, 8",
    "PCI-X 2.0, 07000010, 24",
    "HyperTransport's short ones, 08000080, 24",
    "HyperTransport's long ones, 08000000, 28",
    "a vendor's, 09001400, 20",
    "PCI Express 1 of an endpoint, 10000100, 20",
    "PCI Express 1 in a root complex, 10009100, 12",
    "PCI Express 2 of an endpoint, 10000200, 52",
    "PCI Express 2 in a root complex, 10009200, 44",
    "MSI-X, 11000700, 12",
    "SATA with its registers behind a BAR, 1200100004000000, 8",
    "SATA with its registers here, 120010000f000000, 16",
    "advanced features, 13000603, 6"
  })
  void conventional(String name, String registers, int bytes) {
    int id = HexFormat.fromHexDigits(registers, 0, 2);
    assertEquals(bytes, CapabilityLengths.of(with(0x60, registers), id, 0x60), name);
  }

  @ParameterizedTest(name = "{0}: {2} bytes")
  @CsvSource({
    "error reporting, 01000100, 44",
    "a virtual channel, 020001000000000000000000, 28",
    "eight channels, 020001000700000000000000, 112",
    "a channel of 32 phases, 020001000000000002000000, 48",
    "a channel of 64 phases, 080001000000000004000000, 64",
    "a channel of 128 phases, 090001000000000008000000, 96",
    "a serial number, 03000100, 12",
    "power budget, 04000100, 16",
    "a root complex' links, 05000100, 0",
    "a vendor's, 0b0001000000c001, 28",
    "access control, 0d0001001f000000, 8",
    "access control with egress bits, 0d0001003f210000, 16",
    "access control with 256 egress bits, 0d0001003f000000, 40",
    "ARI, 0e000100, 8",
    "ATS, 0f000100, 8",
    "SR-IOV, 10000100, 64",
    "multicast, 12000100, 40",
    "page requests, 13000100, 16",
    "three resizable BARs, 150001000000000060000000, 28",
    "four substates of power, 1600010003000000, 20",
    "hints without a table, 1700010000000000, 12",
    "hints with a table of four, 1700010000020300, 20",
    "hints with a table in MSI-X, 1700010000040300, 12",
    "latency tolerance, 18000100, 8",
    "PASID, 1b000100, 0",
    "a designated vendor's, 230001009e1e8003, 56"
  })
  void extended(String name, String registers, int bytes) {
    int id = HexFormat.fromHexDigits(registers, 0, 2);
    assertEquals(bytes, CapabilityLengths.ofExtended(with(0x140, registers), id, 0x140), name);
  }
}
