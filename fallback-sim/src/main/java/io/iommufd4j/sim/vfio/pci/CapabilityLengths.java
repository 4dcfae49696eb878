// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.pci;

import static io.iommufd4j.bindings.pci.pci_h.PCI_CAP_ID_EXP;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CAP_ID_MSI;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CAP_ID_MSIX;
import static io.iommufd4j.bindings.pci.pci_h.PCI_CAP_ID_PM;

import io.iommufd4j.sim.pci.PciConfigSpace;
import java.util.Map;

/**
 * Bytes of capabilities as VFIO knows them; 0 for those that it hides ({@code pci_cap_length},
 * {@code vfio_cap_len}, {@code vfio_ext_cap_len}).
 */
final class CapabilityLengths {

  private static final int AGP = 0x02;
  private static final int VPD = 0x03;
  private static final int PCIX = 0x07;
  private static final int HYPER_TRANSPORT = 0x08;
  private static final int VENDOR = 0x09;
  private static final int SATA = 0x12;
  private static final int ADVANCED_FEATURES = 0x13;

  private static final Map<Integer, Integer> FIXED =
      Map.of(PCI_CAP_ID_PM(), 8, AGP, 12, VPD, 8, PCI_CAP_ID_MSIX(), 12, ADVANCED_FEATURES, 6);

  private static final int EXPRESS_ROOT_ENDPOINT = 9;
  private static final int PCIX_VERSION = 0x3000;
  private static final int SHORT_TRANSPORT = 0xe0;
  private static final int SATA_INLINE = 0x0f;

  private static final int CHANNEL = 0x02;
  private static final int CHANNEL_OF_FUNCTIONS = 0x08;
  private static final int CHANNEL_AGAIN = 0x09;
  private static final int EXTENDED_VENDOR = 0x0b;
  private static final int ACCESS_CONTROL = 0x0d;
  private static final int RESIZABLE_BAR = 0x15;
  private static final int POWER_ALLOCATION = 0x16;
  private static final int PROCESSING_HINTS = 0x17;
  private static final int DESIGNATED_VENDOR = 0x23;

  /**
   * Error reporting, serial number, power budget, ARI, ATS, SR-IOV, multicast, page requests,
   * latency tolerance.
   */
  private static final Map<Integer, Integer> FIXED_EXTENDED =
      Map.of(
          0x01, 0x2c, 0x03, 12, 0x04, 16, 0x0e, 8, 0x0f, 8, 0x10, 0x40, 0x12, 40, 0x13, 16, 0x18,
          8);

  private static final int EGRESS_CONTROL = 0x20;
  private static final int HINTS_HERE = 0x200;

  private CapabilityLengths() {}

  /** Of a capability. */
  static int of(PciConfigSpace config, int id, int at) {
    Integer fixed = FIXED.get(id);
    int length = fixed == null ? variable(config, id, at) : fixed;
    return Math.min(length, PciConfigSpace.CONVENTIONAL - at);
  }

  private static int variable(PciConfigSpace config, int id, int at) {
    if (id == PCI_CAP_ID_MSI()) {
      return config.msiBytes(at);
    }
    if (id == PCI_CAP_ID_EXP()) {
      return express(config.read(at + 2, 2));
    }
    return switch (id) {
      case PCIX -> (config.read(at + 2, 2) & PCIX_VERSION) == 0 ? 8 : 24;
      case HYPER_TRANSPORT -> (config.read(at + 3, 1) & SHORT_TRANSPORT) == 0 ? 28 : 24;
      case VENDOR -> config.read(at + 2, 1);
      case SATA -> (config.read(at + 4, 1) & SATA_INLINE) == SATA_INLINE ? 16 : 8;
      default -> 0;
    };
  }

  private static int express(int flags) {
    boolean withoutLink = (flags >> 4 & 0xf) == EXPRESS_ROOT_ENDPOINT;
    if ((flags & 0xf) == 1) {
      return withoutLink ? 12 : 20;
    }
    return withoutLink ? 0x2c : 0x34;
  }

  /** Of an extended capability. */
  static int ofExtended(PciConfigSpace config, int id, int at) {
    Integer fixed = FIXED_EXTENDED.get(id);
    int length = fixed == null ? variableExtended(config, id, at) : fixed;
    return Math.min(length, config.size() - at);
  }

  private static int variableExtended(PciConfigSpace config, int id, int at) {
    return switch (id) {
      case CHANNEL, CHANNEL_OF_FUNCTIONS, CHANNEL_AGAIN -> channel(config, at);
      case EXTENDED_VENDOR, DESIGNATED_VENDOR -> config.read(at + 4, 4) >>> 20;
      case ACCESS_CONTROL -> accessControl(config, at);
      case RESIZABLE_BAR -> 4 + (config.read(at + 8, 1) >> 5 & 7) * 8;
      case POWER_ALLOCATION -> 16 + (config.read(at + 4, 1) & 0x1f) + 1;
      case PROCESSING_HINTS -> {
        int hints = config.read(at + 4, 4);
        yield (hints & 0x600) == HINTS_HERE ? 12 + (hints >> 16 & 0x7ff) * 2 + 2 : 12;
      }
      default -> 0;
    };
  }

  /** {@code vfio_vc_cap_len}. */
  private static int channel(PciConfigSpace config, int at) {
    int more = config.read(at + 4, 4) & 7;
    int arbitration = config.read(at + 8, 4);
    int phases =
        (arbitration & 8) != 0
            ? 128
            : (arbitration & 4) != 0 ? 64 : (arbitration & 2) != 0 ? 32 : 0;
    int length = 16 + (1 + more) * 12;
    return phases == 0 ? length : (length + 15) / 16 * 16 + phases / 2;
  }

  private static int accessControl(PciConfigSpace config, int at) {
    if ((config.read(at + 4, 1) & EGRESS_CONTROL) == 0) {
      return 8;
    }
    int bits = config.read(at + 5, 1);
    return 8 + (bits == 0 ? 256 : (bits + 31) / 32 * 32) / 8;
  }
}
