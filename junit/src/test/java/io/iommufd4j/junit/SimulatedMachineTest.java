// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Iommufd;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.RequestFaults;
import io.iommufd4j.sim.SimControl;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.vfio.VfioDevice;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

@SimulatedMachine("two-function:vtd")
class SimulatedMachineTest {

  private static final long IOVA = 0x100_0000;

  private int filesBefore = -1;

  @BeforeEach
  void theKernelIsThereBeforeTheTest(SimControl control) {
    filesBefore = control.openFiles();
  }

  @AfterEach
  void andAfterIt(Kernel kernel) {
    assertEquals(KernelIdentity.SIM, kernel.identity().backend());
  }

  @Test
  void theClassNamesTheMachine(Kernel kernel, Machine machine) {
    assertEquals("two-function:vtd", machine.name());
    assertTrue(kernel.identity().toString().contains("two-function:vtd"), kernel::toString);
    assertEquals(0, filesBefore);
  }

  @Test
  @SimulatedMachine("single:amd")
  void theMethodGoesFirst(Machine machine) {
    assertEquals("single:amd", machine.name());
  }

  @Test
  void addressesAreThoseOfTheMachineInOrder(Machine machine, PciAddress first, PciAddress second) {
    assertEquals(machine.edus().subList(0, 2), List.of(first, second));
    assertNotEquals(first, second);
  }

  @Test
  void devicesAreReadyToBind(
      Kernel kernel, Iommufd iommufd, VfioDevice device, VfioDevice sibling) {
    device.bind(iommufd);
    sibling.bind(iommufd);
    var ioas = iommufd.newIoas();
    try (var buffer = DmaBuffer.allocate(kernel, 4096)) {
      ioas.map(buffer.segment(), IOVA, Access.READ_WRITE);
      var before = device.attach(ioas);
      sibling.attach(ioas);
      assertNotEquals(before, device.replace(iommufd.newIoas()));
    }
  }

  @RequestFault(request = Request.IOMMU_IOAS_MAP, nth = 2, errno = Errno.ENOMEM)
  @Test
  void theSecondMapFailsAndNoOther(Kernel kernel, Iommufd iommufd, RequestFaults faults) {
    var ioas = iommufd.newIoas();
    try (var buffer = DmaBuffer.allocate(kernel, 4096)) {
      ioas.map(buffer.segment(), IOVA, Access.READ);
      var refused =
          assertThrows(
              KernelException.class, () -> ioas.map(buffer.segment(), IOVA + 4096, Access.READ));
      assertEquals(Errno.ENOMEM, refused.errno());
      assertTrue(faults.over());
      ioas.map(buffer.segment(), IOVA + 4096, Access.READ);
    }
  }

  @Test
  void faultsCanBePlannedOnTheWay(Iommufd iommufd, RequestFaults faults) {
    iommufd.newIoas();
    faults.fail(Request.IOMMU_IOAS_ALLOC, 1, Errno.ENFILE);
    var refused = assertThrows(KernelException.class, iommufd::newIoas);
    assertEquals(Errno.ENFILE, refused.errno());
    faults.fail("the 1st IOMMU_IOAS_ALLOC answers ENOMEM");
    refused = assertThrows(KernelException.class, iommufd::newIoas);
    assertEquals(Errno.ENOMEM, refused.errno());
    assertThrows(
        IllegalArgumentException.class,
        () -> faults.fail(Request.IOMMU_IOAS_ALLOC, 0, Errno.ENFILE));
  }

  @RepeatedTest(2)
  void eachRunHasAKernelOfItsOwn(SimControl control, Kernel kernel) {
    assertEquals(0, control.openFiles());
    try (var _ = Iommufd.open(kernel)) {
      assertEquals(1, control.openFiles());
    }
  }

  @Nested
  class Inside {

    @Test
    void theOuterClassNamesTheMachine(Machine machine) {
      assertEquals("two-function:vtd", machine.name());
    }
  }
}
