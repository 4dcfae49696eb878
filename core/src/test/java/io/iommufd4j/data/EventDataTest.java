// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.iommufd4j.uapi.DeviceId;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Records that are read from queues, byte by byte as {@code linux/iommufd.h} has it. */
final class EventDataTest {

  private static MemorySegment words(long... words) {
    return Arena.ofAuto().allocateFrom(ValueLayout.JAVA_LONG, words);
  }

  @Test
  void eventsOfAnSmmu() {
    assertEquals(32, EventType.SMMUV3.eventBytes());
    EventData data = EventData.of(EventType.SMMUV3, words(0xffff_fff0_0000_0010L, 2, 3, 4));
    var event = assertInstanceOf(EventData.SmmuV3.class, data);
    assertEquals(new EventData.SmmuV3(0xffff_fff0_0000_0010L, 2, 3, 4), event);
    assertEquals(0x10, event.number());
    assertEquals(-16, event.streamId());
  }

  @Test
  void otherEvents() {
    assertEquals(2, EventType.TEGRA241_CMDQV.value());
    assertEquals(
        new EventData.Tegra241Cmdqv(1, 2), EventData.of(EventType.TEGRA241_CMDQV, words(1, 2)));
    var unknown = new EventType(9, 8);
    assertEquals(new EventData.Other(9, "0201000000000000"), EventData.of(unknown, words(0x102)));
  }

  @Test
  void groupEndsWithItsLastFault() {
    long last = 2;
    long withPasid = 3;
    MemorySegment records =
        words(
            record(0, 5),
            record(0, 7),
            1,
            0x1000,
            record(0, 8),
            record(withPasid, 5),
            record(6, 7),
            0xf,
            0x2000,
            record(9, 8),
            record(last, 5),
            record(0, 1),
            2,
            0x3000,
            record(0, 4));
    var first = new PageFault(0x1000, Set.of(FaultPermission.READ), 0);
    var second = new PageFault(0x2000, Set.of(FaultPermission.values()), 9);
    var third = new PageFault(0x3000, Set.of(FaultPermission.WRITE), 0);
    var device = new DeviceId(5);
    assertEquals(
        List.of(
            new PageFault.Group(8, device, OptionalInt.of(6), 7, List.of(first, second)),
            new PageFault.Group(4, device, OptionalInt.empty(), 1, List.of(third))),
        PageFault.Group.of(records));
  }

  private static long record(long low, long high) {
    return low | high << Integer.SIZE;
  }

  @Test
  void bitsAndCodes() {
    assertEquals(Set.of(HwCapability.DIRTY_TRACKING), HwCapability.of(1));
    assertEquals(
        Set.of(
            HwCapability.PASID_EXECUTE,
            HwCapability.PASID_PRIVILEGED,
            HwCapability.ATS_NOT_SUPPORTED),
        HwCapability.of(-2));
    assertEquals(0, PageResponse.SUCCESS.code());
    assertEquals(1, PageResponse.INVALID.code());
    assertEquals(1, HwQueueType.TEGRA241_CMDQV.value());
  }
}
