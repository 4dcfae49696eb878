// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import static io.iommufd4j.conformance.safety.Card.FIRST;
import static io.iommufd4j.conformance.safety.Card.PHYSICAL;
import static io.iommufd4j.conformance.safety.Card.SECOND;

import org.junit.jupiter.api.Test;

/** A physical function with virtual ones: they go when its driver does. */
@OnHostKernels
@OnServers
final class PhysicalFunctionTest {

  private static final String FREE = "PF of the host's driver, 2 VFs free";

  @Test
  void replacePutsTheFunctionsBack() throws InterruptedException {
    try (var _ = Card.withTwoFunctions()) {
      Trial.of(FREE, "--yes", "device-replace", PHYSICAL).leavesTheHost(0, "replaced: ");
    }
  }

  @Test
  void replaceAsks() throws InterruptedException {
    try (var _ = Card.withTwoFunctions()) {
      Trial.of(FREE, "device-replace", PHYSICAL).leavesTheHost(2, FIRST);
    }
  }

  @Test
  void bindAsks() throws InterruptedException {
    try (var _ = Card.withTwoFunctions()) {
      Trial.of(FREE, "device", "bind", PHYSICAL).leavesTheHost(2, FIRST);
    }
  }

  @Test
  void bindThatWasAgreedToTakesThem() throws InterruptedException {
    try (var _ = Card.withTwoFunctions()) {
      Trial.of(FREE, "--yes", "device", "bind", PHYSICAL)
          .changes(
              0,
              "vfio-pci",
              PHYSICAL + " driver igb → vfio-pci",
              PHYSICAL + " override none → vfio-pci",
              PHYSICAL + " virtual functions 2 → 0",
              FIRST + " gone",
              SECOND + " gone");
    }
  }

  @Test
  void functionInUseByVfio() throws InterruptedException {
    try (var _ = Card.withTwoFunctions();
        var _ = DeviceHolder.of(SECOND, "bound")) {
      String situation = "PF of the host's driver, a VF in use by VFIO";
      Trial.of(situation, "--yes", "device", "bind", PHYSICAL).leavesTheHost(1, SECOND);
      Trial.of(situation, "--yes", "device-replace", PHYSICAL).leavesTheHost(1, SECOND);
    }
  }

  @Test
  void functionInUseByTheHost() throws InterruptedException {
    try (var _ = Card.withTwoFunctions()) {
      Card.useInterface(true);
      try {
        String situation = "PF of the host's driver, a VF's network interface on";
        Trial.of(situation, "--yes", "device", "bind", PHYSICAL).leavesTheHost(1, FIRST);
        Trial.of(situation, "--yes", "device-replace", PHYSICAL).leavesTheHost(1, FIRST);
      } finally {
        Card.useInterface(false);
      }
    }
  }

  @Test
  void cardOfVfio() throws InterruptedException {
    try (var _ = Card.ofVfio()) {
      String situation = "PF of vfio-pci, 2 VFs free";
      Trial.of(situation, "device", "unbind", PHYSICAL).leavesTheHost(2, FIRST);
      Trial.of(situation, "--yes", "device", "unbind", PHYSICAL)
          .changes(
              0,
              "igb",
              PHYSICAL + " driver vfio-pci → igb",
              PHYSICAL + " override vfio-pci → none",
              PHYSICAL + " virtual functions 2 → 0",
              FIRST + " gone",
              SECOND + " gone");
    }
  }

  @Test
  void cardOfVfioWithAFunctionInUse() throws InterruptedException {
    try (var _ = Card.ofVfio();
        var _ = DeviceHolder.of(SECOND, "open")) {
      Trial.of("PF of vfio-pci, a VF in use by VFIO", "--yes", "device", "unbind", PHYSICAL)
          .leavesTheHost(1, SECOND);
    }
  }
}
