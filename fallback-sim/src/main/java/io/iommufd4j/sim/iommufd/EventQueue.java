// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.sim.fs.RecordFile;

/**
 * A queue that user space empties through a descriptor of its own ({@code struct iommufd_eventq}).
 * The open descriptor needs the queue, and keeps its context.
 */
public abstract class EventQueue extends IommufdObject {

  private static final int POLLRDNORM = 0x40;

  /** {@code O_RDWR}, whether the queue takes anything or not. */
  private static final int MODE = libc_h.O_RDWR();

  private final ObjectContext context;

  protected EventQueue(ObjectContext context) {
    this.context = context;
  }

  /** The context that it is an object of. */
  public final ObjectContext context() {
    return context;
  }

  /**
   * {@code iommufd_eventq_init}: opens the descriptor, under which nobody finds it yet.
   *
   * @return the descriptor, to be installed or cancelled
   * @throws io.iommufd4j.sim.lib.Refused ENOMEM, EMFILE
   */
  public final int openFile() {
    context.faults().alloc();
    context.get();
    context.objects().addUsers(this, 1);
    return context.files().reserve(new File(), MODE);
  }

  /** Whoever waits for the descriptor looks again. */
  protected final void wake() {
    context.wakeups().wake();
  }

  /** {@link RecordFile#read}. */
  protected abstract long read(long address, long count);

  /** {@link RecordFile#write}. */
  protected abstract long write(long address, long count);

  /** True if {@link #write} is supported at all. */
  protected abstract boolean writable();

  /** True if there is something to read. */
  protected abstract boolean pending();

  /** The open descriptor. */
  private final class File implements RecordFile {

    @Override
    public long read(long address, long count) {
      return EventQueue.this.read(address, count);
    }

    @Override
    public long write(long address, long count) {
      return EventQueue.this.write(address, count);
    }

    /** {@code iommufd_eventq_fops_poll}. */
    @Override
    public int poll() {
      int ready = writable() ? libc_h.POLLOUT() : 0;
      return pending() ? ready | libc_h.POLLIN() | POLLRDNORM : ready;
    }

    /** {@code iommufd_eventq_fops_release}. */
    @Override
    public void release() {
      context.objects().removeUsers(EventQueue.this, 1);
      context.put();
    }
  }
}
