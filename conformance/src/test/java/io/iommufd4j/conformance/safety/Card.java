// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/**
 * The network card of machine {@code host} with two virtual functions, for the test's time: the
 * first has the host's driver, the second vfio-pci's.
 */
final class Card implements AutoCloseable {

  static final String PHYSICAL = "0000:01:00.0";
  static final String FIRST = "0000:01:10.0";
  static final String SECOND = "0000:01:10.2";

  private final HostState.Function before = Sysfs.function(PHYSICAL);

  private Card() {}

  static Card withTwoFunctions() {
    var card = new Card();
    makeFunctions();
    Sysfs.bind(SECOND, Sysfs.VFIO_PCI);
    return card;
  }

  /** The card is vfio-pci's, and so are its virtual functions. */
  static Card ofVfio() {
    var card = new Card();
    Sysfs.write(Path.of("/sys/module/vfio_pci/parameters/enable_sriov"), "Y");
    Sysfs.bind(PHYSICAL, Sysfs.VFIO_PCI);
    makeFunctions();
    return card;
  }

  private static void makeFunctions() {
    Sysfs.write(Sysfs.device(PHYSICAL).resolve("sriov_numvfs"), "2");
  }

  /** Has the host use the first function's network interface. */
  static void useInterface(boolean up) throws InterruptedException {
    String name = Sysfs.names(Sysfs.device(FIRST).resolve("net")).findFirst().orElseThrow();
    try {
      new ProcessBuilder("busybox", "ifconfig", name, up ? "up" : "down")
          .inheritIO()
          .start()
          .waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    if (Sysfs.function(PHYSICAL).virtualFunctions() > 0) {
      Sysfs.write(Sysfs.device(PHYSICAL).resolve("sriov_numvfs"), "0");
    }
    Sysfs.restore(PHYSICAL, before);
  }
}
