// SPDX-License-Identifier: Apache-2.0
package com.example.consumer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.Iommufd;
import io.iommufd4j.junit.SimulatedMachine;
import io.iommufd4j.vfio.VfioDevice;
import org.junit.jupiter.api.Test;

/** A test of a program that depends on iommufd4j. */
@SimulatedMachine("two-function:vtd")
class ConsumerTest {

  @Test
  void theDeviceKnowsWhatTranslatesForIt(Iommufd iommufd, VfioDevice device) {
    device.bind(iommufd);
    device.attach(iommufd.newIoas());
    var next = device.replace(iommufd.newIoas());
    assertEquals(next, device.attached().orElseThrow());
  }
}
