// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.iommufd.iommufd_vevent_header;
import io.iommufd4j.data.EventData;
import io.iommufd4j.data.EventType;
import io.iommufd4j.data.GuestEvent;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.event.Pollable;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.uapi.EventQueueId;
import io.iommufd4j.wire.KernelFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A queue of events of a vIOMMU that somebody else owns (vEVENTQ). */
public sealed class EventQueueRef implements Pollable permits EventQueue {

  private static final int AT_ONCE = 64;

  private final EventQueueId id;
  private final KernelFile file;
  private final EventType type;

  EventQueueRef(EventQueueId id, KernelFile file, EventType type) {
    this.id = id;
    this.file = file;
    this.type = type;
  }

  /** {@return its id} */
  public final EventQueueId id() {
    return id;
  }

  /** {@return the kind of its events} */
  public final EventType type() {
    return type;
  }

  @Override
  public final Kernel kernel() {
    return file.kernel();
  }

  /**
   * {@return its descriptor, which is ready for reading while there are events}
   *
   * @throws IllegalStateException when closed
   */
  @Override
  public final int fd() {
    return file.fd();
  }

  /**
   * Takes the events that are there, without waiting for any ({@code read(2)}).
   *
   * @return events in the order they happened, and at the end a mark where some were lost since;
   *     empty when there are none
   * @throws KernelException {@code EINVAL} when the events are longer than the type says; {@code
   *     ENOMEM}
   */
  public final List<GuestEvent> read() {
    long header = iommufd_vevent_header.sizeof();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(AT_ONCE * (header + type.eventBytes()), Long.BYTES);
      long bytes = file.checked("read", file.tryRead(memory));
      var events = new ArrayList<GuestEvent>();
      for (long at = 0; at < bytes; ) {
        MemorySegment head = arena.allocate(header, Long.BYTES);
        head.copyFrom(memory.asSlice(at, header));
        int sequence = iommufd_vevent_header.sequence(head);
        at += header;
        if ((iommufd_vevent_header.flags(head) & iommufd_h.IOMMU_VEVENTQ_FLAG_LOST_EVENTS()) != 0) {
          events.add(new GuestEvent.Lost(sequence));
        } else {
          // Copied: events of an odd length leave the next ones misaligned.
          MemorySegment data = arena.allocate(type.eventBytes(), Long.BYTES);
          data.copyFrom(memory.asSlice(at, type.eventBytes()));
          events.add(new GuestEvent.Reported(sequence, EventData.of(type, data)));
          at += type.eventBytes();
        }
      }
      return events;
    }
  }

  @Override
  public final String toString() {
    return id.toString();
  }
}
