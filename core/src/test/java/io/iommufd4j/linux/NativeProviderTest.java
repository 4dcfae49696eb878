// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.kernel.Availability.Available;
import io.iommufd4j.kernel.Availability.Unavailable;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.KernelIdentity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class NativeProviderTest {

  @Test
  void isFoundByName() {
    assertInstanceOf(NativeProvider.class, Backend.provider(KernelIdentity.NATIVE));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void probeServesWhereTheNodeOpensAndSaysWhyNotElsewhere() {
    switch (new NativeProvider().probe(Backend.Purpose.IOMMUFD)) {
      case Available() -> assertTrue(Files.isReadable(Path.of("/dev/iommu")));
      case Unavailable(String reason, String fix) -> {
        assertTrue(reason.contains("iommu"), reason);
        assertEquals(1, fix.lines().count());
      }
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aJvmThatForbidsNativeAccessIsToldTheFlag() throws IOException, InterruptedException {
    var java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--illegal-native-access=deny",
                "-cp",
                System.getProperty("java.class.path"),
                Probe.class.getName())
            .redirectErrorStream(true)
            .start();
    var said = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, java.waitFor(), said);
    assertTrue(said.contains("start java with --enable-native-access=ALL-UNNAMED"), said);
  }

  /** The program that a JVM of its own runs. */
  static final class Probe {
    private Probe() {}

    public static void main(String[] args) {
      System.out.println(new NativeProvider().probe(Backend.Purpose.IOMMUFD));
    }
  }
}
