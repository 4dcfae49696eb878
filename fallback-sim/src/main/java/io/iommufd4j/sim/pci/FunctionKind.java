// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The kind of a PCI function of a simulated machine, with the driver that takes it at boot. */
public enum FunctionKind {
  /** QEMU's educational device: a DMA engine to try things with. No driver wants it. */
  EDU(0x1234, 0x11e8, 0x00ff00, 0x10, ""),
  /** The bridge between the processor and the root bus. */
  HOST_BRIDGE(0x8086, 0x29c0, 0x060000, 0x00, ""),
  /** A PCI Express root port. */
  ROOT_PORT(0x1b36, 0x000c, 0x060400, 0x00, "pcieport"),
  /** The upper side of a PCI Express switch. */
  SWITCH(0x104c, 0x8232, 0x060400, 0x02, "pcieport"),
  /** A bridge from PCI Express to conventional PCI: all behind it looks the same to the IOMMU. */
  PCI_BRIDGE(0x1b36, 0x000e, 0x060400, 0x00, ""),
  /** The way to the slow devices of a chipset. */
  ISA_BRIDGE(0x8086, 0x2918, 0x060100, 0x02, ""),
  /** A disk controller. */
  SATA(0x8086, 0x2922, 0x010601, 0x02, "ahci"),
  /** A bus for sensors. */
  SMBUS(0x8086, 0x2930, 0x0c0500, 0x02, "i801_smbus"),
  /** A network card. */
  NIC(0x8086, 0x10d3, 0x020000, 0x00, "e1000e"),
  /** QEMU's NVMe controller, with a drive. No driver takes it at boot. */
  NVME(0x1b36, 0x0010, 0x010802, 0x02, ""),
  /** An NVMe controller with a disk. */
  NVME_DISK(0x144d, 0xa80a, 0x010802, 0x00, "nvme"),
  /** An Intel 82576 network card, which has SR-IOV. */
  IGB(0x8086, 0x10c9, 0x020000, 0x01, "igb"),
  /** A virtual function of an Intel 82576. */
  IGB_VIRTUAL(0x8086, 0x10ca, 0x020000, 0x01, "igbvf"),
  /** A virtio network card. */
  VIRTIO_NET(0x1af4, 0x1041, 0x020000, 0x01, "virtio-pci"),
  /** Intel's Volume Management Device: a PCI domain of its own lies behind it. */
  VMD(0x8086, 0x28c0, 0x010400, 0x04, "vmd"),
  /** Known by its registers alone, with nothing behind its BARs. */
  DESCRIBED(0, 0, 0, 0, "");

  /** {@code PCI_CLASS_BRIDGE_PCI} with its programming interface. */
  private static final int BRIDGE_TO_A_BUS = 0x060400;

  private final int vendor;
  private final int device;
  private final int classCode;
  private final int revision;
  private final String driver;

  FunctionKind(int vendor, int device, int classCode, int revision, String driver) {
    this.vendor = vendor;
    this.device = device;
    this.classCode = classCode;
    this.revision = revision;
    this.driver = driver;
  }

  /**
   * The kind of a name.
   *
   * @throws IllegalArgumentException for an unknown name; the message lists the known ones
   */
  public static FunctionKind named(String label) {
    return named()
        .filter(kind -> kind.label().equals(label))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "no kind of function '"
                    + label
                    + "': there are "
                    + named().map(FunctionKind::label).collect(Collectors.joining(", "))));
  }

  /** Those that a name chooses. */
  public static Stream<FunctionKind> named() {
    return Stream.of(values()).filter(kind -> kind != DESCRIBED);
  }

  /** As machines are described with, as {@code root-port}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** {@code PCI_VENDOR_ID}. */
  public int vendor() {
    return vendor;
  }

  /** {@code PCI_DEVICE_ID}. */
  public int device() {
    return device;
  }

  /** Class, subclass and programming interface: 24 bits. */
  public int classCode() {
    return classCode;
  }

  /** {@code PCI_REVISION_ID}. */
  public int revision() {
    return revision;
  }

  /** The driver that takes it when the machine boots; empty for none. */
  public String driver() {
    return driver;
  }

  /** True if another bus lies behind it. */
  public boolean bridge() {
    return classCode == BRIDGE_TO_A_BUS;
  }
}
