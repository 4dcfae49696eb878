// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.Iommufd;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.DriverAnswers;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.data.HwCapability;
import io.iommufd4j.data.HwInfo;
import io.iommufd4j.data.HwRegisters;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.vfio.VfioDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The description that a driver gives of its IOMMU. */
@Conformance
final class HwInfoTest {

  private static final int UNKNOWN_TYPE = 77;

  @Test
  void registersAreThoseOfTheDriver(KernelUnderTest test) {
    try (var iommufd = Iommufd.open(test.kernel());
        var device = VfioDevice.open(test.kernel(), test.machine().lone().getFirst())) {
      device.bind(iommufd);
      HwInfo info = iommufd.hwInfo(device);
      assertEquals(info, iommufd.hwInfo(device.id()));
      assertEquals(0, info.maxPasidLog2());
      assertTrue(!info.capabilities().contains(HwCapability.DIRTY_TRACKING));
      boolean tells =
          DriverAnswers.of(test, "GET_HW_INFO type") != iommufd_h.IOMMU_HW_INFO_TYPE_NONE();
      switch (tells ? test.machine().iommu() : "none") {
        case "vtd", "vtd-scalable" -> {
          var vtd = assertInstanceOf(HwRegisters.Vtd.class, info.registers());
          assertEquals(register(test, "dmar0/intel-iommu/cap"), hex(vtd.capability()));
          assertEquals(register(test, "dmar0/intel-iommu/ecap"), hex(vtd.extendedCapability()));
        }
        case "amd" -> {
          var amd = assertInstanceOf(HwRegisters.Amd.class, info.registers());
          assertEquals(
              register(test, "ivhd0/amd-iommu/features"),
              hex(amd.features()) + ":" + hex(amd.features2()));
        }
        case "smmuv3" -> assertInstanceOf(HwRegisters.SmmuV3.class, info.registers());
        default -> assertEquals(new HwRegisters.None(), info.registers());
      }
      if (DriverAnswers.of(test, "GET_HW_INFO of another type") == 0) {
        assertEquals(info, iommufd.hwInfo(device.id(), UNKNOWN_TYPE), "a driver without a report");
      } else {
        var refused =
            assertThrows(KernelException.class, () -> iommufd.hwInfo(device.id(), UNKNOWN_TYPE));
        assertEquals(Errno.EOPNOTSUPP, refused.errno());
      }
      assertEquals(
          Errno.ENOENT,
          assertThrows(KernelException.class, () -> iommufd.hwInfo(new DeviceId(1000))).errno());
    }
  }

  /** A register as sysfs shows it. */
  private static String register(KernelUnderTest test, String path) {
    Path file = test.kernel().sysfs().resolve("class/iommu").resolve(path);
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String hex(long register) {
    return Long.toHexString(register);
  }

  @Test
  void unknownKindIsGivenAsBytes(KernelUnderTest test) {
    try (var setup = MockSetup.of(test)) {
      HwInfo info = setup.iommufd().hwInfo(setup.id());
      var other = assertInstanceOf(HwRegisters.Other.class, info.registers());
      assertEquals(info.type(), other.type());
      assertTrue(!other.hex().isEmpty());
      assertEquals(info, setup.iommufd().hwInfo(setup.id(), info.type()));
      assertTrue(info.capabilities().contains(HwCapability.DIRTY_TRACKING));
    }
  }
}
