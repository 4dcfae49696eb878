// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.noiommu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Iommufd;
import io.iommufd4j.cli.doctor.Doctor;
import io.iommufd4j.cli.doctor.Finding;
import io.iommufd4j.cli.doctor.Verdict;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.IommuGroup;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.PhysicalRange;
import io.iommufd4j.vfio.VfioDevice;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A program and the command line on such a host. */
@Conformance
@WithoutIommu
final class ProgramTest {

  private static final long IOVA = 0x4000_0000;
  private static final long PAGE = 4096;

  @Test
  void physicalRangesAreTold(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    try (var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, test.machine().lone().getFirst());
        var memory = DmaBuffer.allocate(kernel, 2 * PAGE)) {
      device.bind(iommufd);
      var ioas = iommufd.newIoas();
      ioas.map(memory.segment(), IOVA, Access.READ_WRITE);
      var idle = assertThrows(KernelException.class, () -> ioas.physicalRange(IOVA, PAGE));
      assertEquals(Errno.EOPNOTSUPP, idle.errno());
      assertTrue(idle.hint().contains("without an IOMMU"), idle.hint());
      device.attach(ioas);
      PhysicalRange page = ioas.physicalRange(IOVA, PAGE);
      assertEquals(PAGE, page.length());
      assertEquals(
          new PhysicalRange(page.address() + 0x10, 0x20), ioas.physicalRange(IOVA + 0x10, 0x20));
      var hole = assertThrows(KernelException.class, () -> ioas.physicalRange(IOVA + 2 * PAGE, 1));
      assertEquals(Errno.ENOENT, hole.errno());
      device.detach();
    }
  }

  @Test
  void hostShowsWhatItLacks(KernelUnderTest test) {
    var host = Host.of(test.kernel());
    PciDevice device = host.device(test.machine().lone().getFirst());
    IommuGroup group = host.groupOf(device).orElseThrow();
    assertTrue(device.heldWithoutIommu());
    assertFalse(group.translates());
    assertEquals(List.of(device.address()), group.members());
    assertTrue(host.takesDevicesWithoutIommu());
    assertEquals(device, host.locate(device.cdev().orElseThrow()));
  }

  @Test
  void doctorFindsItLimited(KernelUnderTest test) {
    List<Finding> findings = Doctor.examine(test.kernel());
    assertEquals(Verdict.LIMITED, of(findings, "IOMMU").verdict());
    assertEquals(Verdict.OK, of(findings, "physical").verdict());
    assertEquals(Verdict.OK, of(findings, "attach").verdict());
  }

  private static Finding of(List<Finding> findings, String check) {
    return findings.stream().filter(f -> f.check().equals(check)).findFirst().orElseThrow();
  }
}
