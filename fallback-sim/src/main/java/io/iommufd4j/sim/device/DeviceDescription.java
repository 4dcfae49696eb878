// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A PCI function with a device of one's own: what its configuration registers say, its BARs and
 * interrupts, and what makes the device. Each machine makes a device of its own from it.
 *
 * <pre>{@code
 * DeviceDescription.of(0x1234, 0x11e8, MyDevice::new).classCode(0xff0000).bar(0, 4096).withMsi()
 * }</pre>
 *
 * @param vendor {@code PCI_VENDOR_ID}
 * @param device {@code PCI_DEVICE_ID}
 * @param classCode class, subclass and programming interface: 24 bits
 * @param revision {@code PCI_REVISION_ID}
 * @param subsystemVendor {@code PCI_SUBSYSTEM_VENDOR_ID}
 * @param subsystem {@code PCI_SUBSYSTEM_ID}
 * @param bars its BARs
 * @param express whether it is a PCI Express function, with a reset of its own (FLR)
 * @param msi whether it has MSI, of one message
 * @param msix its MSI-X capability
 * @param model makes the device behind the BARs, with its way out
 */
public record DeviceDescription(
    int vendor,
    int device,
    int classCode,
    int revision,
    int subsystemVendor,
    int subsystem,
    List<Bar> bars,
    boolean express,
    boolean msi,
    Optional<Msix> msix,
    Function<DevicePort, DeviceModel> model) {

  /**
   * A BAR of memory.
   *
   * @param index from 0 to 5
   * @param bytes a power of two, from 4096 to 2^40
   * @param wide whether its address has 64 bits, and the BAR the register of the next one
   */
  public record Bar(int index, long bytes, boolean wide) {

    private static final int MOST = 5;
    private static final int LEAST_BYTES = 4096;
    private static final long MOST_BYTES = 1L << 40;

    /**
     * Checks it.
     *
     * @throws IllegalArgumentException for what no BAR can be
     */
    public Bar {
      if (index < 0 || index + (wide ? 1 : 0) > MOST) {
        throw new IllegalArgumentException("no BAR " + index);
      }
      if (Long.bitCount(bytes) != 1 || bytes < LEAST_BYTES || bytes > MOST_BYTES) {
        throw new IllegalArgumentException(
            "a BAR has a power of two from 4096 to 2^40 bytes, not " + bytes);
      }
    }

    private boolean takes(int other) {
      return other == index || (wide && other == index + 1);
    }
  }

  /**
   * An MSI-X capability. The table and the pending bits are the simulator's: the device sees no
   * access to the table.
   *
   * @param vectors messages, from 1 to 2048
   * @param bar the BAR that both lie in
   * @param table where the table begins there, a multiple of 8
   * @param pending where the pending bits begin, a multiple of 8
   */
  public record Msix(int vectors, int bar, int table, int pending) {

    private static final int MOST = 2048;

    /**
     * Checks it.
     *
     * @throws IllegalArgumentException for what no capability can say
     */
    public Msix {
      if (vectors < 1 || vectors > MOST || table % 8 != 0 || pending % 8 != 0) {
        throw new IllegalArgumentException(
            "no MSI-X of %d messages at 0x%x and 0x%x".formatted(vectors, table, pending));
      }
    }
  }

  /**
   * Copies what could change.
   *
   * @throws IllegalArgumentException when BARs overlap, or MSI-X lies in none
   */
  public DeviceDescription {
    bars = List.copyOf(bars);
    for (Bar bar : bars) {
      if (bars.stream().filter(other -> other.takes(bar.index())).count() > 1) {
        throw new IllegalArgumentException("two BARs take register " + bar.index());
      }
    }
    if (msix.isPresent() && bars.stream().noneMatch(bar -> bar.index() == msix.get().bar())) {
      throw new IllegalArgumentException("no BAR for the table of MSI-X");
    }
  }

  /**
   * {@return a conventional function without BARs and messages}
   *
   * @param vendor {@code PCI_VENDOR_ID}
   * @param device {@code PCI_DEVICE_ID}
   * @param model makes the device
   */
  public static DeviceDescription of(
      int vendor, int device, Function<DevicePort, DeviceModel> model) {
    return new DeviceDescription(
        vendor, device, 0xff0000, 0, 0, 0, List.of(), false, false, Optional.empty(), model);
  }

  /** {@return the same with a class: 24 bits, {@code 0xff0000} unless said} */
  public DeviceDescription classCode(int code) {
    return with(code, revision, subsystemVendor, subsystem, bars, express, msi, msix);
  }

  /** {@return the same with a revision} */
  public DeviceDescription revision(int number) {
    return with(classCode, number, subsystemVendor, subsystem, bars, express, msi, msix);
  }

  /**
   * {@return the same with a subsystem}
   *
   * @param itsVendor {@code PCI_SUBSYSTEM_VENDOR_ID}
   * @param id {@code PCI_SUBSYSTEM_ID}
   */
  public DeviceDescription subsystem(int itsVendor, int id) {
    return with(classCode, revision, itsVendor, id, bars, express, msi, msix);
  }

  /**
   * {@return the same with a BAR of 32 bits}
   *
   * @param index from 0 to 5
   * @param bytes a power of two
   */
  public DeviceDescription bar(int index, long bytes) {
    return with(new Bar(index, bytes, false));
  }

  /**
   * {@return the same with a BAR of 64 bits, which takes the register of the next one too}
   *
   * @param index from 0 to 4
   * @param bytes a power of two
   */
  public DeviceDescription wideBar(int index, long bytes) {
    return with(new Bar(index, bytes, true));
  }

  private DeviceDescription with(Bar bar) {
    var all = new ArrayList<>(bars);
    all.add(bar);
    return with(classCode, revision, subsystemVendor, subsystem, all, express, msi, msix);
  }

  /** {@return the same as a PCI Express function, which can be reset by itself} */
  public DeviceDescription ofExpress() {
    return with(classCode, revision, subsystemVendor, subsystem, bars, true, msi, msix);
  }

  /** {@return the same with MSI of one message} */
  public DeviceDescription withMsi() {
    return with(classCode, revision, subsystemVendor, subsystem, bars, express, true, msix);
  }

  /**
   * {@return the same with MSI-X}
   *
   * @param vectors messages, from 1 to 2048
   * @param bar one of its BARs
   * @param table where the table begins there
   * @param pending where the pending bits begin there
   */
  public DeviceDescription withMsix(int vectors, int bar, int table, int pending) {
    var capability = Optional.of(new Msix(vectors, bar, table, pending));
    return with(classCode, revision, subsystemVendor, subsystem, bars, express, msi, capability);
  }

  private DeviceDescription with(
      int code,
      int number,
      int itsVendor,
      int id,
      List<Bar> all,
      boolean ofExpress,
      boolean hasMsi,
      Optional<Msix> hasMsix) {
    return new DeviceDescription(
        vendor, device, code, number, itsVendor, id, all, ofExpress, hasMsi, hasMsix, model);
  }
}
