// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.typedvfio;

import static io.iommufd4j.conformance.typedvfio.Refusal.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.Needs;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.event.EventFd;
import io.iommufd4j.event.EventFdRef;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.vfio.PciRegion;
import io.iommufd4j.vfio.VfioDevice;
import io.iommufd4j.vfio.feature.DeviceFeatures;
import io.iommufd4j.vfio.feature.Feature;
import io.iommufd4j.vfio.feature.FeatureSupport;
import io.iommufd4j.vfio.feature.MigrationState;
import io.iommufd4j.vfio.feature.RegionRange;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The features of an {@code edu} function by the typed API. It cannot migrate or log DMA, as no
 * device of vfio-pci itself can: that shows by the refusal.
 */
@Conformance
final class FeatureTest {

  private static final long PAGE = UserPages.PAGE;
  private static final long IOVA = 0x100_0000;

  private static final FeatureSupport GET = new FeatureSupport(true, false);
  private static final FeatureSupport SET = new FeatureSupport(false, true);

  private static DeviceFeatures features(KernelUnderTest test) {
    return EduDevice.of(test).device().features();
  }

  @Test
  void probesFindWhatTheDeviceHas(KernelUnderTest test) {
    Needs.EXPORTED_BARS.of(test);
    DeviceFeatures features = features(test);
    assertEquals(
        Map.of(
            Feature.LOW_POWER_ENTRY,
            SET,
            Feature.LOW_POWER_ENTRY_WITH_WAKEUP,
            SET,
            Feature.LOW_POWER_EXIT,
            SET,
            Feature.DMA_BUF,
            GET),
        features.all());
    assertTrue(features.probe(Feature.DMA_BUF).exists());
    assertFalse(features.probe(Feature.MIGRATION).exists());
    assertEquals(
        IntStream.rangeClosed(0, vfio_h.VFIO_DEVICE_FEATURE_ZPCI_ERROR()).boxed().toList(),
        Stream.of(Feature.values()).map(Feature::number).toList());
  }

  @Test
  void lowPowerIsEnteredOnce(KernelUnderTest test) {
    DeviceFeatures features = features(test);
    features.exitLowPower();
    features.enterLowPower();
    refused(Errno.EINVAL, features::enterLowPower);
    features.exitLowPower();
    features.enterLowPower();
    features.exitLowPower();
  }

  @Test
  void lowPowerTakesAnEventFdToWake(KernelUnderTest test) {
    DeviceFeatures features = features(test);
    try (var wakeup = EventFd.create(test.kernel())) {
      features.enterLowPower(wakeup);
      features.exitLowPower();
      wakeup.take();
      refused(
          Errno.EINVAL, () -> features.enterLowPower(EventFdRef.of(test.kernel(), test.memfd(1))));
    }
  }

  @Test
  void regionIsMappedForDevicesAsADmaBuf(KernelUnderTest test) {
    Needs.EXPORTED_BARS.of(test);
    EduDevice edu = EduDevice.of(test);
    VfioDevice device = edu.device();
    int bar = PciRegion.BAR0.index();
    RegionRange one = new RegionRange(4 * PAGE, 2 * PAGE);
    RegionRange other = new RegionRange(0, PAGE);
    DeviceFeatures features = device.features();
    var ioas = edu.iommufd().newIoas();
    try (var export = features.exportDmaBuf(bar, List.of(one));
        var both = features.exportDmaBuf(bar, List.of(one, other))) {
      ioas.mapFile(export.fd(), 0, 2 * PAGE, IOVA, Access.READ_WRITE);
      assertEquals(2 * PAGE, ioas.unmap(IOVA, 2 * PAGE));
      refused(Errno.EOPNOTSUPP, () -> ioas.mapFile(both.fd(), 0, PAGE, IOVA, Access.READ_WRITE));
    }
  }

  @Test
  void dmaBufIsTheCallers(KernelUnderTest test) {
    Needs.EXPORTED_BARS.of(test);
    DeviceFeatures features = features(test);
    int bar = PciRegion.BAR0.index();
    var export = features.exportDmaBuf(bar, List.of(new RegionRange(0, PAGE)));
    int fd = export.release();
    test.closeAfter(fd);
    export.close();
    assertThrows(IllegalStateException.class, export::fd);
    refused(Errno.EINVAL, () -> features.exportDmaBuf(bar, List.of()));
    refused(Errno.EINVAL, () -> features.exportDmaBuf(bar, List.of(new RegionRange(1, PAGE))));
  }

  @Test
  void statesAreTheKernels() {
    assertEquals(
        IntStream.range(0, vfio_h.VFIO_DEVICE_STATE_NR()).boxed().toList(),
        Stream.of(MigrationState.values()).map(MigrationState::number).toList());
    assertTrue(MigrationState.RESUMING.transfers());
    assertFalse(MigrationState.STOP.transfers());
  }

  @Test
  void migrationIsRefused(KernelUnderTest test) {
    Needs.EXPORTED_BARS.of(test);
    var migration = features(test).migration();
    var none = refused(Errno.ENOTTY, migration::support);
    assertTrue(none.hint().contains("does not have the feature MIGRATION"), none.hint());
    refused(Errno.ENOTTY, migration::state);
    refused(Errno.ENOTTY, () -> migration.state(MigrationState.STOP_COPY));
    refused(Errno.ENOTTY, migration::dataBytes);
    var other = refused(Errno.EINVAL, migration::reportNewInitialData);
    assertTrue(other.hint().contains("feature MIG_PRECOPY_INFO_V2"), other.hint());
  }

  @Test
  void dmaLoggingIsRefused(KernelUnderTest test) {
    var logging = features(test).dmaLogging();
    refused(Errno.ENOTTY, () -> logging.start(PAGE, List.of()));
    refused(Errno.ENOTTY, logging::stop);
    refused(Errno.ENOTTY, () -> logging.report(0, PAGE, PAGE));
  }

  @Test
  void featuresOfOtherBusesAreRefused(KernelUnderTest test) {
    DeviceFeatures features = features(test);
    refused(Errno.ENOTTY, () -> features.busMaster(true));
    refused(Errno.ENOTTY, () -> features.zpciError(test.arena().allocate(PAGE)));
  }
}
