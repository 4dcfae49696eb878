// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.viommu;

import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.kernel.Errno.EEXIST;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.iommufd.iommufd_vevent_header;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import io.iommufd4j.conformance.selftest.viommu.EventReader.Event;
import io.iommufd4j.conformance.selftest.viommu.ViommuStart.Variant;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code iommufd_viommu}: virtual devices and the events they raise. */
@Selftest
final class VdeviceTest {

  private static final int MAX_DEPTH = 1 << 19;

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_viommu.vdevice_alloc")
  void eventsComeUnderTheVirtualId(Variant variant, KernelUnderTest test) {
    ViommuStart start = new ViommuStart(test, variant);
    if (variant == Variant.NO_VIOMMU) {
      refused(ENOENT, vdevice(start, 0x99));
      return;
    }
    refused(ENOENT, start.replace(start.nested()));
    depthIsBounded(start);

    ObjectRequests.Queue queue = eventQueue(start, 2);
    ok(queue.answer());
    refused(EEXIST, eventQueue(start, 2).answer());
    EventReader events = new EventReader(test, queue.fd());
    refused(EINVAL, events.read(0));
    refused(EINVAL, events.read(iommufd_vevent_header.sizeof() - 1));

    int vdevice = ok(vdevice(start, 0x99));
    ok(start.replace(start.nested()));
    trigger(start, 1);
    refused(EINVAL, events.read(0));
    refused(EINVAL, events.read(iommufd_vevent_header.sizeof()));
    assertEquals(List.of(Event.of(0, 0x99)), events.take(1));
    refused(EEXIST, vdevice(start, 0x99));
    ok(start.replace(start.ioas()));
    ok(start.destroy(vdevice));

    vdevice = ok(vdevice(start, 0x88));
    ok(start.replace(start.nested()));
    trigger(start, 3);
    assertEquals(List.of(Event.of(1, 0x88), Event.of(2, 0x88), Event.lost(3)), events.take(3));
    trigger(start, 1);
    assertEquals(List.of(Event.of(4, 0x88)), events.take(1));
    ok(test.kernel().close(queue.fd()));
    ok(start.replace(start.ioas()));
    ok(start.destroy(vdevice));
    ok(start.destroy(queue.id()));
  }

  private static void depthIsBounded(ViommuStart start) {
    refused(EINVAL, eventQueue(start, 0).answer());
    refused(EINVAL, eventQueue(start, MAX_DEPTH + 1).answer());
    ObjectRequests.Queue deepest = eventQueue(start, MAX_DEPTH);
    ok(deepest.answer());
    ok(start.file().test().kernel().close(deepest.fd()));
    ok(start.destroy(deepest.id()));
  }

  private static ObjectRequests.Queue eventQueue(ViommuStart start, int depth) {
    return start.objects().eventQueue(start.viommu(), IOMMU_VEVENTQ_TYPE_SELFTEST(), depth);
  }

  private static int vdevice(ViommuStart start, long virtualId) {
    return start.objects().vdevice(start.viommu(), start.device(), virtualId);
  }

  private static void trigger(ViommuStart start, int times) {
    for (int i = 0; i < times; i++) {
      same(0, start.mock().triggerEvent(start.device()));
    }
  }
}
