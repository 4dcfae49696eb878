// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.vfio;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EBADF;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOTTY;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.Needs;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code VFIO_DEVICE_FEATURE}: which there are, and the low power states. */
@Conformance
final class DeviceFeatureTest {

  private static final int GET = vfio_h.VFIO_DEVICE_FEATURE_GET();
  private static final int SET = vfio_h.VFIO_DEVICE_FEATURE_SET();
  private static final int PROBE = vfio_h.VFIO_DEVICE_FEATURE_PROBE();
  private static final int ENTRY = vfio_h.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY();
  private static final int ENTRY_WITH_WAKEUP =
      vfio_h.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP();
  private static final int EXIT = vfio_h.VFIO_DEVICE_FEATURE_LOW_POWER_EXIT();
  private static final long DATA = 8;
  private static final long ROOM = 64;

  private static OpenDevice device(KernelUnderTest test) {
    return test.bound(test.machine().lone().getFirst()).device();
  }

  private static RequestBlock block(OpenDevice device, int flags) {
    return device.block(Request.VFIO_DEVICE_FEATURE, ROOM).set("flags", flags);
  }

  @ParameterizedTest(name = "feature {0}")
  @CsvSource({
    // feature, probe of GET, of SET, of both, of neither: 0, EINVAL or ENOTTY
    "0, -25, -25, -25, -25",
    "1, -25, -25, -25, -25",
    "2, -25, -25, -25, -25",
    "3, -22, 0, -22, 0",
    "4, -22, 0, -22, 0",
    "5, -22, 0, -22, 0",
    "6, -25, -25, -25, -25",
    "7, -25, -25, -25, -25",
    "8, -25, -25, -25, -25",
    "9, -25, -25, -25, -25",
    "10, -25, -25, -25, -25",
    "11, 0, -22, -22, 0",
    "12, -22, -22, -22, -22",
    "13, -25, -25, -25, -25",
    "14, -25, -25, -25, -25",
    "65535, -25, -25, -25, -25",
  })
  void features(int feature, int get, int set, int both, int neither, KernelUnderTest test) {
    if (feature == 11 || feature == 12) {
      Needs.EXPORTED_BARS.of(test);
    }
    OpenDevice device = device(test);
    same(get, device.ioctl(block(device, PROBE | GET | feature)));
    same(set, device.ioctl(block(device, PROBE | SET | feature)));
    same(both, device.ioctl(block(device, PROBE | GET | SET | feature)));
    same(neither, device.ioctl(block(device, PROBE | feature)));
  }

  @Test
  void blockIsChecked(KernelUnderTest test) {
    OpenDevice device = device(test);
    refused(EINVAL, device.ioctl(block(device, PROBE | SET | ENTRY).size(7)));
    ok(device.ioctl(block(device, PROBE | SET | ENTRY).size(8)));
    refused(EINVAL, device.ioctl(block(device, PROBE | SET | ENTRY | 1 << 19)));
    refused(EINVAL, device.ioctl(block(device, GET | SET | 1)));
    refused(EINVAL, device.ioctl(block(device, GET | SET | 60000)));
    refused(
        EFAULT,
        device.ioctl(
            Request.VFIO_DEVICE_FEATURE.number(), MemorySegment.ofAddress(test.badAddress())));
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4, 5})
  void lowPowerIsOnlySet(int feature, KernelUnderTest test) {
    OpenDevice device = device(test);
    refused(EINVAL, device.ioctl(block(device, feature)));
    refused(EINVAL, device.ioctl(block(device, GET | feature)));
  }

  @Test
  void lowPowerIsEnteredOnceAndLeftAtWill(KernelUnderTest test) {
    OpenDevice device = device(test);
    ok(device.ioctl(block(device, SET | EXIT)));
    ok(device.ioctl(block(device, SET | ENTRY).size(8)));
    refused(EINVAL, device.ioctl(block(device, SET | ENTRY)));
    ok(device.ioctl(block(device, SET | EXIT)));
    ok(device.ioctl(block(device, SET | ENTRY)));
  }

  @Test
  void wakeupIsCountedInAnEventFd(KernelUnderTest test) {
    OpenDevice device = device(test);
    refused(EBADF, device.ioctl(wakeup(device, 1000)));
    refused(EINVAL, device.ioctl(wakeup(device, -1)));
    refused(EINVAL, device.ioctl(wakeup(device, test.memfd(1))));
    refused(EINVAL, device.ioctl(wakeup(device, test.eventFd().fd()).size(15)));
    ok(device.ioctl(wakeup(device, test.eventFd().fd()).size(16)));
  }

  private static RequestBlock wakeup(OpenDevice device, int fd) {
    RequestBlock block = block(device, SET | ENTRY_WITH_WAKEUP);
    block.memory().set(ValueLayout.JAVA_INT, DATA, fd);
    return block;
  }

  @Test
  void migrationIsNotThere(KernelUnderTest test) {
    OpenDevice device = device(test);
    for (int feature : new int[] {1, 2, 6, 7, 8, 9}) {
      refused(ENOTTY, device.ioctl(block(device, GET | feature)));
      refused(ENOTTY, device.ioctl(block(device, SET | feature)));
    }
    refused(test.older() ? ENOTTY : EINVAL, device.ioctl(block(device, SET | 12)));
  }

  @Test
  void tokenIsForPhysicalFunctions(KernelUnderTest test) {
    OpenDevice device = device(test);
    refused(ENOTTY, device.ioctl(block(device, SET)));
    refused(ENOTTY, device.ioctl(block(device, GET)));
  }
}
