// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.Iommufd;
import io.iommufd4j.junit.SimulatedMachine;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.vfio.VfioDevice;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

@SimulatedMachine("single:vtd")
final class CountInterruptsTest {

  @Test
  void oneIsRaisedAndCounted(Kernel kernel, Iommufd iommufd, VfioDevice device) {
    device.bind(iommufd);
    var bytes = new ByteArrayOutputStream();
    CountInterrupts.count(kernel, device, new PrintStream(bytes, true, StandardCharsets.UTF_8));
    assertEquals("1 since the last time", bytes.toString(StandardCharsets.UTF_8).strip());
  }
}
