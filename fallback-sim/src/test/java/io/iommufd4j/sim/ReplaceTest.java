// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Iommufd;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.vfio.VfioDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The main job from end to end, as a program does it with the typed API. */
class ReplaceTest {

  private static final long IOVA = 0x100_0000;
  private static final long SIZE = 1 << 16;

  static Stream<String> machines() {
    return Machine.names().stream()
        .filter(name -> !Machine.named(name).edus().isEmpty())
        .flatMap(name -> Stream.of(IommuPreset.values()).map(iommu -> name + ":" + iommu.label()));
  }

  private static byte seen(SimKernel kernel, PciAddress address) {
    var one = MemorySegment.ofArray(new byte[1]);
    assertTrue(
        kernel.control().hardware().read(address, IOVA + 5, one), () -> address + " met a fault");
    return one.get(ValueLayout.JAVA_BYTE, 0);
  }

  @ParameterizedTest
  @MethodSource("machines")
  void theWholeGroupSeesTheOldBytesThenTheNew(String name) {
    try (var kernel = SimKernel.on(Machine.named(name))) {
      PciAddress address = kernel.machine().edus().getFirst();
      var group =
          kernel.control().hardware().group(address).devices().stream().map(d -> d.name()).toList();
      try (var _ = VfioBinding.bind(kernel, List.of(address));
          var before = DmaBuffer.allocate(kernel, SIZE);
          var after = DmaBuffer.allocate(kernel, SIZE);
          var iommufd = Iommufd.open(kernel);
          var old = iommufd.newIoas();
          var next = iommufd.newIoas();
          var device = VfioDevice.open(kernel, address)) {
        before.segment().fill((byte) 'A');
        after.segment().fill((byte) 'B');
        old.map(before.segment(), IOVA, Access.READ_WRITE);
        next.map(after.segment(), IOVA, Access.READ_WRITE);
        device.bind(iommufd);
        try (var first = iommufd.newHwpt(device, old);
            var second = iommufd.newHwpt(device, next)) {
          assertEquals(first.id(), device.attach(first));
          for (String member : group) {
            assertEquals('A', seen(kernel, PciAddress.parse(member)));
          }
          assertEquals(second.id(), device.replace(second));
          for (String member : group) {
            assertEquals('B', seen(kernel, PciAddress.parse(member)));
          }
          assertTrue(kernel.process().pinnedBytes() >= 2 * SIZE);
          device.detach();
        }
      }
      assertEquals(0, kernel.process().pinnedBytes());
      assertEquals(0, kernel.control().openFiles());
    }
  }

  @Test
  void theKernelEndsWithADeviceAtWork() {
    var kernel = SimKernel.create();
    var address = kernel.machine().edus().getFirst();
    var _ = VfioBinding.bind(kernel, List.of(address));
    var buffer = DmaBuffer.allocate(kernel, SIZE);
    var iommufd = Iommufd.open(kernel);
    var ioas = iommufd.newIoas();
    ioas.map(buffer.segment(), IOVA, Access.READ_WRITE);
    var device = VfioDevice.open(kernel, address);
    device.bind(iommufd);
    device.attach(ioas);
    var registers = device.mapRegion(0).segment();
    int alive = registers.get(ValueLayout.JAVA_INT, 0);
    String engine = "bars of " + address;
    assertTrue(threads().contains(engine));
    var group = kernel.control().hardware().group(address);
    kernel.close();
    assertEquals(0, kernel.process().pinnedBytes());
    assertEquals(0, kernel.control().openFiles());
    assertEquals(group.defaultDomain(), group.domain());
    assertFalse(threads().contains(engine));
    System.gc();
    assertEquals(alive, registers.get(ValueLayout.JAVA_INT, 0));
    buffer.close();
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).toList();
  }

  @Test
  void aSiblingWithADriverOfItsOwnIsInTheWay() {
    try (var kernel = SimKernel.on(Machine.named("many"));
        var _ = VfioBinding.bind(kernel, List.of(PciAddress.parse("00:0b.0")));
        var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, PciAddress.parse("0000:00:0b.0"))) {
      var refused = assertThrows(KernelException.class, () -> device.bind(iommufd));
      assertEquals(Errno.EPERM, refused.errno());
    }
  }

  @Test
  void aSiblingsDriverCannotComeBackMeanwhile() {
    var nic = PciAddress.parse("00:0b.1");
    try (var kernel = SimKernel.on(Machine.named("many"));
        var _ = VfioBinding.bind(kernel, List.of(PciAddress.parse("00:0b.0")))) {
      try (var freed = VfioBinding.bind(kernel, List.of(nic));
          var iommufd = Iommufd.open(kernel);
          var device = VfioDevice.open(kernel, PciAddress.parse("0000:00:0b.0"))) {
        device.bind(iommufd);
        var refused = assertThrows(RuntimeException.class, freed::close);
        assertTrue(refused.toString().contains("EBUSY"), refused::toString);
      }
    }
  }

  @Test
  void interruptsThatAreNotIsolatedNeedTheParameter() {
    var machine = Machine.named("desk:amd").toBuilder().isolatedInterrupts(false).build();
    for (boolean allowed : new boolean[] {false, true}) {
      try (var kernel =
              SimKernel.builder().machine(machine).allowUnsafeInterrupts(allowed).build();
          var _ = VfioBinding.bind(kernel, machine.edus());
          var iommufd = Iommufd.open(kernel);
          var device = VfioDevice.open(kernel, machine.edus().getFirst())) {
        if (allowed) {
          device.bind(iommufd);
        } else {
          var refused = assertThrows(KernelException.class, () -> device.bind(iommufd));
          assertEquals(Errno.EPERM, refused.errno());
        }
      }
    }
  }

  @Test
  void aPageTableThatReachesTooFarIsTurnedAway() {
    try (var kernel = SimKernel.on(Machine.named("two-iommus"));
        var _ = VfioBinding.bind(kernel, kernel.machine().edus());
        var iommufd = Iommufd.open(kernel);
        var ioas = iommufd.newIoas();
        var wide = VfioDevice.open(kernel, PciAddress.parse("0000:00:08.0"));
        var narrow = VfioDevice.open(kernel, PciAddress.parse("0000:00:09.0"))) {
      wide.bind(iommufd);
      narrow.bind(iommufd);
      try (var hwpt = iommufd.newHwpt(wide, ioas)) {
        wide.attach(hwpt);
        var refused = assertThrows(KernelException.class, () -> narrow.attach(hwpt));
        assertEquals(Errno.EINVAL, refused.errno());
        wide.detach();
      }
    }
  }
}
