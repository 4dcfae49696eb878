// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.mdev;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.DirtyBitmap;
import io.iommufd4j.Iommufd;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.conformance.extension.OnHostKernelsOnly;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.uapi.IovaRange;
import io.iommufd4j.vfio.Registers;
import io.iommufd4j.vfio.VfioDevice;
import io.iommufd4j.vfio.feature.DeviceFeatures;
import io.iommufd4j.vfio.feature.DmaLogging;
import io.iommufd4j.vfio.feature.Feature;
import io.iommufd4j.vfio.feature.FeatureSupport;
import io.iommufd4j.vfio.feature.Migration;
import io.iommufd4j.vfio.feature.MigrationData;
import io.iommufd4j.vfio.feature.MigrationState;
import io.iommufd4j.vfio.feature.MigrationSupport;
import io.iommufd4j.vfio.feature.PrecopyInfo;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.function.Executable;

/**
 * Migration, of the one device of a lab that can: a serial port of mtty gives its state away and
 * takes it back.
 */
@Conformance
@Tag("own-machine")
@OnHostKernelsOnly
@EnabledIfSystemProperty(named = "iommufd4j.machine", matches = "mdev")
final class MigrationTest {

  private static final int SCRATCH = 7;
  private static final int HEADER = 24;
  private static final long PAGE = 4096;

  @BeforeEach
  void create() throws IOException {
    SerialPort.create();
  }

  @AfterEach
  void remove() throws IOException {
    SerialPort.remove();
  }

  /** The open port; it must be closed before it is removed. */
  private record Port(Iommufd iommufd, VfioDevice device) implements AutoCloseable {

    static Port open(KernelUnderTest test) {
      Kernel kernel = test.kernel();
      var iommufd = Iommufd.open(kernel);
      var found = Host.of(kernel).mediatedDevice(SerialPort.UUID).orElseThrow();
      var port = new Port(iommufd, VfioDevice.open(kernel, found));
      port.device.bind(iommufd);
      return port;
    }

    Migration migration() {
      return device.features().migration();
    }

    @Override
    public void close() {
      device.close();
      iommufd.close();
    }
  }

  private static void refused(Errno errno, Executable call) {
    assertEquals(errno, assertThrows(KernelException.class, call).errno());
  }

  @Test
  void deviceSaysWhatItCan(KernelUnderTest test) {
    try (var port = Port.open(test)) {
      Migration migration = port.migration();
      assertEquals(new MigrationSupport(true, true, true), migration.support());
      assertEquals(MigrationState.RUNNING, migration.state());
      assertTrue(migration.dataBytes() > HEADER);
      DeviceFeatures features = port.device().features();
      assertEquals(new FeatureSupport(true, true), features.probe(Feature.MIG_DEVICE_STATE));
      assertFalse(features.probe(Feature.LOW_POWER_ENTRY).exists());
    }
  }

  /** The port does no DMA, so that its log stays empty. */
  @Test
  void deviceLogsItsDma(KernelUnderTest test) {
    try (var port = Port.open(test)) {
      DmaLogging logging = port.device().features().dmaLogging();
      var range = new IovaRange(0x10_0000, 0x10_ffff);
      assertEquals(PAGE, logging.start(PAGE, List.of(range)));
      DirtyBitmap dirty = logging.report(0x10_0000, 0x1_0000, PAGE);
      assertEquals(16, dirty.pages());
      assertEquals(0, dirty.dirtyPages());
      logging.stop();
      refused(Errno.EINVAL, () -> logging.report(0x10_0000, PAGE, PAGE / 2));
      refused(Errno.EINVAL, () -> logging.start(PAGE, List.of()));
      refused(Errno.EINVAL, () -> logging.start(PAGE, List.of(new IovaRange(1, PAGE))));
    }
  }

  @Test
  void stateGoesOutAndIn(KernelUnderTest test) {
    try (var port = Port.open(test)) {
      giveAndTake(port, test);
    }
  }

  private static void giveAndTake(Port open, KernelUnderTest test) {
    Migration migration = open.migration();
    Registers port = open.device().registers(open.device().region(0));
    port.write8(SCRATCH, 0x5a);
    MemorySegment state = test.arena().allocate(migration.dataBytes());
    try (MigrationData out = migration.state(MigrationState.STOP_COPY).orElseThrow()) {
      assertEquals(state.byteSize(), out.read(state));
      assertEquals(0, out.read(state.asSlice(0, 1)));
      assertTrue(migration.state(MigrationState.RUNNING).isEmpty());
      refused(Errno.ENODEV, () -> out.read(state));
    }
    port.write8(SCRATCH, 0x11);
    try (MigrationData in = migration.state(MigrationState.RESUMING).orElseThrow()) {
      assertEquals(test.kernel(), in.kernel());
      assertEquals(state.byteSize(), in.write(state));
      refused(Errno.EBADF, () -> in.read(state));
      assertTrue(migration.state(MigrationState.RUNNING).isEmpty());
    }
    assertEquals(MigrationState.RUNNING, migration.state());
    assertEquals(0x5a, port.read8(SCRATCH));
  }

  @Test
  void partOfTheStateIsReadWhileItRuns(KernelUnderTest test) {
    try (var port = Port.open(test)) {
      readWhileItRuns(port.migration(), test);
    }
  }

  private static void readWhileItRuns(Migration migration, KernelUnderTest test) {
    migration.reportNewInitialData();
    MemorySegment state = test.arena().allocate(migration.dataBytes());
    try (MigrationData out = migration.state(MigrationState.PRE_COPY).orElseThrow()) {
      assertEquals(new PrecopyInfo(HEADER, 0, false), out.precopy());
      assertEquals(HEADER, out.read(state));
      assertEquals(new PrecopyInfo(0, 0, false), out.precopy());
      assertTrue(migration.state(MigrationState.PRE_COPY_P2P).isEmpty());
      assertTrue(migration.state(MigrationState.STOP_COPY).isEmpty(), "the same stream goes on");
      refused(Errno.EINVAL, out::precopy);
      assertEquals(state.byteSize() - HEADER, out.read(state));
      assertTrue(out.fd() >= 0);
    }
    assertTrue(migration.state(MigrationState.STOP).isEmpty());
    assertTrue(migration.state(MigrationState.RUNNING_P2P).isEmpty());
    assertEquals(MigrationState.RUNNING_P2P, migration.state());
  }

  @Test
  void whatIsNoStateIsRefused(KernelUnderTest test) {
    try (var port = Port.open(test);
        MigrationData in = port.migration().state(MigrationState.RESUMING).orElseThrow()) {
      Migration migration = port.migration();
      refused(Errno.EINVAL, () -> migration.state(MigrationState.ERROR));
      MemorySegment wrong = test.arena().allocate(HEADER);
      refused(Errno.EFAULT, () -> in.write(wrong));
      refused(Errno.EINVAL, () -> migration.state(MigrationState.RUNNING));
      assertEquals(MigrationState.RESUMING, migration.state());
    }
    assertTrue(MigrationState.RESUMING.transfers());
    assertFalse(MigrationState.STOP.transfers());
  }
}
