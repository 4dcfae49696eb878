// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMUFD_PAGE_RESP_INVALID;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMUFD_PAGE_RESP_SUCCESS;

import io.iommufd4j.bindings.iommufd.iommu_hwpt_page_response;
import io.iommufd4j.bindings.iommufd.iommu_hwpt_pgfault;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.AttachHandle;
import io.iommufd4j.sim.iommu.PageRequestGroup;
import io.iommufd4j.sim.iommu.PageRequestHandler;
import io.iommufd4j.sim.iommu.hardware.PageRequest;
import io.iommufd4j.sim.lib.IdTable;
import io.iommufd4j.sim.lib.Mutex;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Page requests on their way to user space, and those that user space owes an answer to ({@code
 * struct iommufd_fault}).
 */
public final class FaultQueue extends EventQueue implements PageRequestHandler {

  private static final long RECORD = iommu_hwpt_pgfault.sizeof();
  private static final long RESPONSE = iommu_hwpt_page_response.sizeof();

  /** Held while user space reads or answers; taken before {@link #deliver}. */
  private final Mutex lock = new Mutex();

  /** Not read yet, the oldest first; guarded by itself. */
  private final Deque<PageRequestGroup> deliver = new ArrayDeque<>();

  /** Read and not answered, by cookie. */
  private final IdTable<PageRequestGroup> unanswered = new IdTable<>(1);

  /** An empty queue. */
  public FaultQueue(ObjectContext context) {
    super(context);
  }

  /** {@code iommufd_fault_iopf_handler}. */
  @Override
  public void handle(PageRequestGroup group) {
    synchronized (deliver) {
      deliver.addLast(group);
    }
    wake();
  }

  /**
   * {@code iommufd_fault_fops_read}: whole groups only.
   *
   * @throws Refused ESPIPE for a count that is not a multiple of {@code struct
   *     iommu_hwpt_pgfault}'s, EINVAL when the first group does not fit, EFAULT, ENOMEM; the group
   *     stays
   */
  @Override
  protected long read(long address, long count) {
    requireWhole(count, RECORD);
    try (var _ = lock.guard()) {
      long done = 0;
      for (PageRequestGroup group = fetch(); group != null; group = fetch()) {
        long bytes = group.requests().size() * RECORD;
        if (bytes > count - done) {
          restore(group);
          return orRefuse(done, Errno.EINVAL);
        }
        int cookie = unanswered.reserve();
        try {
          context().faults().alloc();
          handOut(group, cookie, address + done);
        } catch (Refused refused) {
          unanswered.remove(cookie);
          restore(group);
          return orRefuse(done, refused.errno());
        }
        unanswered.publish(cookie, group);
        done += bytes;
      }
      return done;
    }
  }

  /** {@code iommufd_compose_fault_message}, for each request of a group. */
  private void handOut(PageRequestGroup group, int cookie, long address) {
    int device = ((DeviceAttachHandle) group.handle()).deviceId();
    MemorySegment record = MemorySegment.ofArray(new long[(int) (RECORD / Long.BYTES)]);
    iommu_hwpt_pgfault.dev_id(record, device);
    iommu_hwpt_pgfault.cookie(record, cookie);
    long next = address;
    for (PageRequest request : group.requests()) {
      iommu_hwpt_pgfault.flags(record, request.flags());
      iommu_hwpt_pgfault.pasid(record, request.pasid());
      iommu_hwpt_pgfault.grpid(record, request.groupId());
      iommu_hwpt_pgfault.perm(record, request.permissions());
      iommu_hwpt_pgfault.addr(record, request.address());
      context().memory().copyOut(next, record);
      next += RECORD;
    }
  }

  private @Nullable PageRequestGroup fetch() {
    synchronized (deliver) {
      return deliver.pollFirst();
    }
  }

  private void restore(PageRequestGroup group) {
    synchronized (deliver) {
      deliver.addFirst(group);
    }
  }

  /**
   * {@code iommufd_fault_fops_write}: answers, each to a whole group.
   *
   * @throws Refused ESPIPE for a count that is not a multiple of {@code struct
   *     iommu_hwpt_page_response}'s, EINVAL for an unknown code or a cookie that no answer is owed
   *     to, EFAULT
   */
  @Override
  protected long write(long address, long count) {
    requireWhole(count, RESPONSE);
    MemorySegment response = MemorySegment.ofArray(new long[(int) (RESPONSE / Long.BYTES)]);
    try (var _ = lock.guard()) {
      for (long done = 0; done < count; done += RESPONSE) {
        try {
          context().memory().copyIn(address + done, response);
          respond(response);
        } catch (Refused refused) {
          return orRefuse(done, refused.errno());
        }
      }
      return count;
    }
  }

  private void respond(MemorySegment response) {
    int code = iommu_hwpt_page_response.code(response);
    if (code != IOMMUFD_PAGE_RESP_SUCCESS() && code != IOMMUFD_PAGE_RESP_INVALID()) {
      throw Refused.with(Errno.EINVAL);
    }
    int cookie = iommu_hwpt_page_response.cookie(response);
    PageRequestGroup group = unanswered.remove(cookie);
    if (group == null) {
      if (cookie == 0 && unanswered.size() > 0) {
        // Erased from the kernel's XArray while that has a node, the 0 kept busy in it is free.
        unanswered.first(0);
      }
      throw Refused.with(Errno.EINVAL);
    }
    group.respond(code);
  }

  private static void requireWhole(long count, long record) {
    if (count % record != 0) {
      throw Refused.with(Errno.ESPIPE);
    }
  }

  private static long orRefuse(long done, Errno errno) {
    if (done == 0) {
      throw Refused.with(errno);
    }
    return done;
  }

  @Override
  protected boolean writable() {
    return true;
  }

  @Override
  protected boolean pending() {
    synchronized (deliver) {
      return !deliver.isEmpty();
    }
  }

  /**
   * {@code iommufd_auto_response_faults}: an attachment is gone, and nobody will look after what
   * was reported through it.
   */
  void refuseAll(AttachHandle handle) {
    try (var _ = lock.guard()) {
      List<PageRequestGroup> groups = new ArrayList<>();
      synchronized (deliver) {
        for (Iterator<PageRequestGroup> each = deliver.iterator(); each.hasNext(); ) {
          PageRequestGroup group = each.next();
          if (group.handle() == handle) {
            groups.add(group);
            each.remove();
          }
        }
      }
      unanswered.removeIf(group -> group.handle() == handle, groups::add);
      groups.forEach(group -> group.respond(IOMMUFD_PAGE_RESP_INVALID()));
    }
  }

  /** {@code iommufd_fault_destroy}. */
  @Override
  protected void destroy() {
    List<PageRequestGroup> groups = new ArrayList<>(deliver);
    deliver.clear();
    unanswered.removeIf(group -> true, groups::add);
    groups.forEach(group -> group.respond(IOMMUFD_PAGE_RESP_INVALID()));
  }
}
