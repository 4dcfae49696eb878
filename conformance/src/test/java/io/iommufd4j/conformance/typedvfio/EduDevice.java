// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typedvfio;

import io.iommufd4j.Iommufd;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.vfio.PciRegion;
import io.iommufd4j.vfio.RegionInfo;
import io.iommufd4j.vfio.VfioDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * An {@code edu} function by the typed API, bound and attached to an IOAS of its own, with memory
 * and bus mastering switched on. Closed after the test.
 */
final class EduDevice {

  static final int IDENTIFICATION = 0x00;
  static final int LIVENESS = 0x04;
  static final int RAISE = 0x60;
  static final int ACKNOWLEDGE = 0x64;
  static final int MODEL = 0x0100_00ed;

  private final Iommufd iommufd;
  private final VfioDevice device;
  private final RegionInfo bar;
  private final MemorySegment register;

  private EduDevice(Iommufd iommufd, VfioDevice device, MemorySegment register) {
    this.iommufd = iommufd;
    this.device = device;
    this.register = register;
    this.bar = device.region(PciRegion.BAR0);
  }

  static EduDevice of(KernelUnderTest test) {
    return of(test, test.machine().lone().getFirst());
  }

  static EduDevice of(KernelUnderTest test, PciAddress address) {
    var iommufd = Iommufd.open(test.kernel());
    test.keep(iommufd::close);
    var device = VfioDevice.open(test.kernel(), address);
    test.keep(device::close);
    device.bind(iommufd);
    device.attach(iommufd.newIoas());
    var edu = new EduDevice(iommufd, device, test.arena().allocate(ValueLayout.JAVA_INT));
    device.config().memorySpace(true);
    device.config().busMaster(true);
    edu.acknowledge();
    test.keep(edu::acknowledge);
    return edu;
  }

  VfioDevice device() {
    return device;
  }

  Iommufd iommufd() {
    return iommufd;
  }

  /** The device raises interrupts; no bit of {@code which} is raised twice. */
  void raise(int which) {
    write(RAISE, which);
    // A read does not overtake the write before it, nor the interrupt that this caused.
    read(LIVENESS);
  }

  /** Acknowledges all interrupts to the device. */
  void acknowledge() {
    if (open()) {
      write(ACKNOWLEDGE, -1);
      read(LIVENESS);
    }
  }

  private boolean open() {
    return !device.toString().contains("closed");
  }

  int read(int at) {
    device.read(bar, at, register);
    return register.get(ValueLayout.JAVA_INT, 0);
  }

  void write(int at, int value) {
    register.set(ValueLayout.JAVA_INT, 0, value);
    device.write(bar, at, register);
  }
}
