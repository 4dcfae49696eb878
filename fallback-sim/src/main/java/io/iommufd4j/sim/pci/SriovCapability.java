// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import java.util.List;

/**
 * The SR-IOV capability of a physical function ({@code struct pci_sriov}): how many virtual ones it
 * can have and has, where they are and what they are. Virtual functions are numbered from 0.
 */
public final class SriovCapability {

  /** {@code PCI_EXT_CAP_ID_SRIOV}. */
  public static final int ID = 0x10;

  /** {@code PCI_EXT_CAP_SRIOV_SIZEOF}. */
  public static final int BYTES = 0x40;

  private static final int CONTROL = 0x08;
  private static final int INITIAL = 0x0c;
  private static final int TOTAL = 0x0e;
  private static final int COUNT = 0x10;
  private static final int OFFSET = 0x14;
  private static final int STRIDE = 0x16;
  private static final int DEVICE_ID = 0x1a;
  private static final int PAGE_SIZES = 0x1c;
  private static final int PAGE_SIZE = 0x20;
  private static final int BAR = 0x24;

  private static final int ENABLE = 0x01;
  private static final int MEMORY = 0x08;
  private static final int ARI = 0x10;

  /** 4, 8, 64, 256 KiB and 1, 4 MiB, of which Linux chooses the first. */
  private static final int ALL_PAGE_SIZES = 0x553;

  /**
   * Places of virtual functions.
   *
   * @param total how many there can be
   * @param offset the distance from the physical function to the first virtual one
   * @param stride the distance from one virtual function to the next
   */
  public record Places(int total, int offset, int stride) {}

  private final PciConfigSpace config;
  private final int at;
  private final List<PciFunction.Bar> bars;

  /**
   * Writes it into configuration space, as the firmware and Linux leave it at boot.
   *
   * @param deviceId of the virtual functions
   * @param bars those of the first virtual function, all wide; those of the others follow
   */
  public SriovCapability(
      PciConfigSpace config, int at, int deviceId, Places places, List<PciFunction.Bar> bars) {
    this.config = config;
    this.at = at;
    this.bars = List.copyOf(bars);
    config.extended(at, ID, BYTES);
    config.set(at + CONTROL, 2, ARI);
    config.set(at + INITIAL, 2, places.total());
    config.set(at + TOTAL, 2, places.total());
    config.set(at + OFFSET, 2, places.offset());
    config.set(at + STRIDE, 2, places.stride());
    config.set(at + DEVICE_ID, 2, deviceId);
    config.set(at + PAGE_SIZES, 4, ALL_PAGE_SIZES);
    config.set(at + PAGE_SIZE, 4, 1);
    for (PciFunction.Bar bar : bars) {
      config.set(at + BAR + 4 * bar.index(), 4, (int) bar.base() | bar.space().bits());
      config.set(at + BAR + 4 * bar.index() + 4, 4, (int) (bar.base() >>> Integer.SIZE));
    }
  }

  private SriovCapability(PciConfigSpace config, int at, List<PciFunction.Bar> bars) {
    this.config = config;
    this.at = at;
    this.bars = List.copyOf(bars);
  }

  /**
   * The one that configuration space has; where it is not known, one is written at the end.
   *
   * @param deviceId as in the constructor
   * @param bars as in the constructor
   */
  public static SriovCapability found(
      PciConfigSpace config, int deviceId, Places places, List<PciFunction.Bar> bars) {
    int known = config.findExtended(ID);
    return known != 0
        ? new SriovCapability(config, known, bars)
        : new SriovCapability(config, config.size() - BYTES, deviceId, places, bars);
  }

  /** The BARs of the first virtual function; those of each further one follow. */
  public List<PciFunction.Bar> bars() {
    return bars;
  }

  /** The most virtual functions that there can be. */
  public int total() {
    return config.read(at + TOTAL, 2);
  }

  /** The distance from the physical function to the first virtual one. */
  public int offset() {
    return config.read(at + OFFSET, 2);
  }

  /** The distance from one virtual function to the next. */
  public int stride() {
    return config.read(at + STRIDE, 2);
  }

  /** {@code PCI_DEVICE_ID} of the virtual functions. */
  public int virtualDeviceId() {
    return config.read(at + DEVICE_ID, 2);
  }

  /** So many virtual functions are there from now on, and their memory; or none. */
  public void switchTo(int count) {
    config.set(at + COUNT, 2, count);
    config.set(at + CONTROL, 2, count == 0 ? ARI : ARI | MEMORY | ENABLE);
  }
}
