// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

/** A device that somebody gave to a driver by hand, and for the test's time alone. */
record BoundByHand(String address, HostState.Function before) implements AutoCloseable {

  static BoundByHand to(String driver, String address) {
    var bound = new BoundByHand(address, Sysfs.function(address));
    Sysfs.bind(address, driver);
    return bound;
  }

  static BoundByHand toVfio(String address) {
    return to(Sysfs.VFIO_PCI, address);
  }

  /** To be called when nobody holds the device any more. */
  @Override
  public void close() {
    Sysfs.restore(address, before);
  }
}
