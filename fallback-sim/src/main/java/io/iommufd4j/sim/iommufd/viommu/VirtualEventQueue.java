// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.viommu;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.iommufd.iommufd_vevent_header;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommufd.EventQueue;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The events of an IOMMU for a guest, on their way to user space ({@code struct iommufd_veventq}).
 */
public final class VirtualEventQueue extends EventQueue {

  private static final long HEADER = iommufd_vevent_header.sizeof();

  /** An event, or without data the mark that some were lost ({@code struct iommufd_vevent}). */
  private static final class Event {
    final @Nullable MemorySegment data;
    int sequence;

    Event(@Nullable MemorySegment data, int sequence) {
      this.data = data;
      this.sequence = sequence;
    }

    long bytes() {
      return HEADER + (data == null ? 0 : data.byteSize());
    }
  }

  private final Viommu viommu;
  private final int type;
  private final int depth;

  /** Not read yet, the oldest first; guarded by itself, as are the two counts. */
  private final Deque<Event> deliver = new ArrayDeque<>();

  /** The one mark there is, which never stands anywhere but last. */
  private final Event lost = new Event(null, 0);

  private int events;
  private int sequence;

  /**
   * An empty queue; the vIOMMU's {@link Viommu#eventQueuesLock} is held for writing.
   *
   * @param viommu that it needs from now on
   * @param type {@code enum iommu_veventq_type}
   * @param depth how many events it holds
   */
  public VirtualEventQueue(Viommu viommu, int type, int depth) {
    super(viommu.context());
    this.viommu = viommu;
    this.type = type;
    this.depth = depth;
    context().objects().addUsers(viommu, 1);
    viommu.add(this);
  }

  /** {@code enum iommu_veventq_type}. */
  int type() {
    return type;
  }

  /** {@code iommufd_viommu_report_event}: the event, or a mark when there is no room for it. */
  void report(MemorySegment data) {
    Refused outOfMemory = null;
    synchronized (deliver) {
      Event event = lost;
      if (events < depth) {
        try {
          event = new Event(copy(data), 0);
          events++;
        } catch (Refused refused) {
          outOfMemory = refused;
        }
      }
      if (deliver.peekLast() == lost) {
        deliver.removeLast();
      }
      event.sequence = sequence;
      sequence = (sequence + 1) & Integer.MAX_VALUE;
      deliver.addLast(event);
    }
    wake();
    if (outOfMemory != null) {
      throw outOfMemory;
    }
  }

  private MemorySegment copy(MemorySegment data) {
    context().faults().alloc();
    long[] copy = new long[(int) ((data.byteSize() + 7) / 8)];
    return MemorySegment.ofArray(copy).asSlice(0, data.byteSize()).copyFrom(data);
  }

  /**
   * {@code iommufd_veventq_fops_read}: whole events, each behind its header.
   *
   * @throws Refused EINVAL when there is no room for a header, or the first event does not fit;
   *     EFAULT; the event stays
   */
  @Override
  protected long read(long address, long count) {
    if (count < HEADER) {
      throw Refused.with(Errno.EINVAL);
    }
    long done = 0;
    for (Event event = fetch(); event != null; event = fetch()) {
      if (event.bytes() > count - done) {
        restore(event);
        return orRefuse(done, Errno.EINVAL);
      }
      try {
        handOut(event, address + done);
      } catch (Refused refused) {
        restore(event);
        return orRefuse(done, refused.errno());
      }
      done += event.bytes();
    }
    return done;
  }

  private void handOut(Event event, long address) {
    MemorySegment header = MemorySegment.ofArray(new long[(int) (HEADER / Long.BYTES)]);
    MemorySegment data = event.data;
    iommufd_vevent_header.flags(
        header, data == null ? iommufd_h.IOMMU_VEVENTQ_FLAG_LOST_EVENTS() : 0);
    iommufd_vevent_header.sequence(header, event.sequence);
    context().memory().copyOut(address, header);
    if (data != null) {
      context().memory().copyOut(address + HEADER, data);
      synchronized (deliver) {
        events--;
      }
    }
  }

  /** {@code iommufd_veventq_deliver_fetch}: of the mark a copy, as it may be needed again. */
  private @Nullable Event fetch() {
    synchronized (deliver) {
      Event first = deliver.pollFirst();
      return first == lost ? new Event(null, lost.sequence) : first;
    }
  }

  /** {@code iommufd_veventq_deliver_restore}: later events make up for the mark. */
  private void restore(Event event) {
    synchronized (deliver) {
      if (event.data != null) {
        deliver.addFirst(event);
      } else if (deliver.isEmpty()) {
        deliver.addFirst(lost);
      }
    }
  }

  private static long orRefuse(long done, Errno errno) {
    if (done == 0) {
      throw Refused.with(errno);
    }
    return done;
  }

  @Override
  protected long write(long address, long count) {
    throw Refused.with(Errno.EINVAL);
  }

  @Override
  protected boolean writable() {
    return false;
  }

  @Override
  protected boolean pending() {
    synchronized (deliver) {
      return !deliver.isEmpty();
    }
  }

  /** {@code iommufd_veventq_abort}; {@link Viommu#eventQueuesLock} is held for writing. */
  @Override
  protected void abort() {
    context().objects().removeUsers(viommu, 1);
    viommu.remove(this);
  }

  /** {@code iommufd_veventq_destroy}. */
  @Override
  protected void destroy() {
    try (var _ = viommu.eventQueuesLock.writing()) {
      abort();
    }
  }
}
