// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Iommufd;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.device.DeviceDescription;
import io.iommufd4j.sim.device.DeviceModel;
import io.iommufd4j.sim.device.DevicePort;
import io.iommufd4j.sim.device.Register;
import io.iommufd4j.sim.device.model.EduModel;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.vfio.MappedRegion;
import io.iommufd4j.vfio.PciRegion;
import io.iommufd4j.vfio.VfioDevice;
import io.iommufd4j.vfio.interrupt.InterruptVectors;
import io.iommufd4j.vfio.interrupt.PciIrq;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A device of one's own, by the interface that is exported, and driven as any other. */
final class OwnDeviceTest {

  private static final PciAddress AT = PciAddress.parse("0000:00:09.0");
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final long IOVA = 0x10_0000;

  /** Doubles a word in memory, and tells of it; counts resets. */
  private static final class Doubler implements DeviceModel {
    private final DevicePort port;
    private final MemorySegment word = MemorySegment.ofArray(new int[1]);
    private long last;
    private long resets;

    Doubler(DevicePort port) {
      this.port = port;
    }

    @Override
    public long read(int bar, long offset, int bytes) {
      return offset == 8 ? resets : last;
    }

    @Override
    public void write(int bar, long offset, int bytes, long iova) {
      last = iova;
      if (port.read(iova, word)) {
        int doubled = 2 * word.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
        word.set(ValueLayout.JAVA_INT_UNALIGNED, 0, doubled);
        port.write(iova, word);
        port.raise(1);
      }
    }

    @Override
    public void reset() {
      last = 0;
      resets++;
    }

    @Override
    public List<Register> registers(int bar) {
      return List.of(Register.wide(0), Register.wide(8));
    }
  }

  private static final DeviceDescription DOUBLER =
      DeviceDescription.of(0x1234, 0x0001, Doubler::new)
          .wideBar(0, 1 << 16)
          .bar(2, 4096)
          .ofExpress()
          .withMsix(2, 2, 0, 0x800);

  private static Machine with(DeviceDescription device) {
    return Machine.named("single").toBuilder().device(AT.toString(), device).build();
  }

  @Test
  void aDriverFindsMapsAndDrivesIt() {
    try (var kernel = SimKernel.on(with(DOUBLER));
        var _ = VfioBinding.bind(kernel, List.of(AT));
        var iommufd = Iommufd.open(kernel);
        var memory = DmaBuffer.allocate(kernel, 4096);
        var device = VfioDevice.open(kernel, AT)) {
      device.bind(iommufd);
      var ioas = iommufd.newIoas();
      ioas.map(memory.segment(), IOVA, Access.READ_WRITE);
      device.attach(ioas);
      device.config().memorySpace(true);
      device.config().busMaster(true);
      memory.segment().set(ValueLayout.JAVA_INT, 64, 21);
      try (InterruptVectors vectors = device.interrupts().open(PciIrq.MSIX, 2);
          MappedRegion registers = device.mapRegion(PciRegion.BAR0)) {
        registers.write64(0, IOVA + 64);
        assertEquals(1, vectors.vector(1).await(LONG));
        assertEquals(42, memory.segment().get(ValueLayout.JAVA_INT, 64));
        assertEquals(0, vectors.vector(0).take());
        assertEquals(0, registers.read32(0x100), "no register");
      }
      device.reset();
      try (MappedRegion registers = device.mapRegion(PciRegion.BAR0)) {
        assertEquals(0, registers.read64(0));
        assertTrue(registers.read64(8) > 0);
      }
    }
  }

  /** A device that works by itself raises interrupts from a thread of its own. */
  @Test
  void anInterruptNeedsNoAccess() {
    var port = new CompletableFuture<DevicePort>();
    var description =
        DeviceDescription.of(
                0x1234,
                0x0002,
                way -> {
                  port.complete(way);
                  return new Doubler(way);
                })
            .bar(0, 4096)
            .withMsi();
    try (var kernel = SimKernel.on(with(description));
        var _ = VfioBinding.bind(kernel, List.of(AT));
        var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, AT)) {
      device.bind(iommufd);
      device.attach(iommufd.newIoas());
      device.config().busMaster(true);
      try (InterruptVectors vectors = device.interrupts().open(PciIrq.MSI, 1)) {
        port.join().raise(0);
        assertEquals(1, vectors.vector(0).await(LONG));
        port.join().lower();
      }
    }
  }

  /** The simulator's edu says no more of itself than a description can. */
  @ParameterizedTest
  @ValueSource(strings = {"vtd", "smmuv3"})
  void eduCanBeDescribed(String iommu) throws IOException {
    var edu =
        DeviceDescription.of(0x1234, 0x11e8, port -> new EduModel(port, EduModel.DMA_MASK))
            .classCode(0x00ff00)
            .revision(0x10)
            .subsystem(0x1af4, 0x1100)
            .bar(0, EduModel.BAR_BYTES)
            .withMsi();
    Machine described = with(edu).toBuilder().iommu(iommu).build();
    Machine usual =
        Machine.named("single").toBuilder().function(AT.toString(), "edu").iommu(iommu).build();
    try (var one = SimKernel.on(described);
        var other = SimKernel.on(usual)) {
      assertArrayEquals(config(other), config(one));
    }
  }

  private static byte[] config(Kernel kernel) throws IOException {
    return Files.readAllBytes(kernel.sysfs().resolve("bus/pci/devices/" + AT + "/config"));
  }

  @Test
  void eachMachineMakesADeviceOfItsOwn() {
    var made = new AtomicInteger();
    Machine machine =
        with(
            DeviceDescription.of(
                0x1234,
                0x0003,
                port -> {
                  made.incrementAndGet();
                  return new Doubler(port);
                }));
    try (var _ = SimKernel.on(machine);
        var _ = SimKernel.on(machine.toBuilder().build())) {
      assertEquals(2, made.get());
    }
  }

  @Test
  void noFileSaysIt() {
    var refused = assertThrows(IllegalStateException.class, with(DOUBLER)::yaml);
    assertTrue(refused.toString().contains(AT.toString()), refused::toString);
  }

  @Test
  void descriptionsOfNoFunctionAreRefused() {
    DeviceDescription empty = DeviceDescription.of(0x1234, 0x0001, Doubler::new);
    refused(() -> empty.bar(6, 4096));
    refused(() -> empty.bar(-1, 4096));
    refused(() -> empty.wideBar(5, 4096));
    refused(() -> empty.bar(0, 5000));
    refused(() -> empty.bar(0, 2048));
    refused(() -> empty.wideBar(0, 1L << 41));
    refused(() -> empty.wideBar(0, 4096).bar(1, 4096));
    refused(() -> empty.bar(1, 4096).wideBar(0, 4096));
    refused(() -> empty.withMsix(1, 0, 0, 0x800));
    refused(() -> empty.bar(0, 4096).withMsix(0, 0, 0, 0x800));
    refused(() -> empty.bar(0, 4096).withMsix(2049, 0, 0, 0x800));
    refused(() -> empty.bar(0, 4096).withMsix(1, 0, 4, 0x800));
    refused(() -> empty.bar(0, 4096).withMsix(1, 0, 0, 0x804));
    refused(() -> with(empty.bar(0, 1 << 20).bar(1, 4096)));
  }

  private static void refused(Runnable what) {
    assertThrows(IllegalArgumentException.class, what::run);
  }
}
