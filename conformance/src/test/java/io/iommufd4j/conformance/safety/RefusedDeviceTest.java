// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Devices that VFIO cannot have: refused before the host is touched. */
@OnHostKernels
@OnServers
final class RefusedDeviceTest {

  @ParameterizedTest
  @CsvSource({
    "root port, 0000:00:0b.0, bridge",
    "bridge to conventional PCI, 0000:00:0f.0, bridge",
    "RMRR in the device's group, 0000:00:09.0, RMRR",
  })
  void bindAndReplace(String situation, String address, String words) throws InterruptedException {
    Trial.of(situation, "--yes", "device", "bind", address).leavesTheHost(1, words);
    Trial replace = Trial.of(situation, "--yes", "device-replace", address);
    replace.leavesTheHost(words.equals("RMRR") ? 3 : 1, words);
  }
}
