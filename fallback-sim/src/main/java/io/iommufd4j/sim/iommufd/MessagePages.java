// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The IOVAs of the pages that take the interrupt messages of a context's devices, on machines whose
 * IOMMU translates those too ({@code iommufd_sw_msi}). Each page has one IOVA in all of the
 * context's domains, within the window that the devices reserve, and is mapped when it is first
 * needed.
 */
final class MessagePages {

  /** {@code struct iommufd_sw_msi_maps}. */
  private static final int MOST = Long.SIZE;

  /**
   * A page in its place ({@code struct iommufd_sw_msi_map}).
   *
   * @param window first IOVA of the window it is in
   * @param physical the page
   * @param iova where devices find it
   */
  record MessagePage(long window, long physical, long iova) {}

  private final FaultPlan faults;
  private final List<MessagePage> pages = new ArrayList<>();

  MessagePages(FaultPlan faults) {
    this.faults = faults;
  }

  /** The pages that the devices of one group use: each HWPT that the group gets must map them. */
  final class OfGroup {

    /** Guarded by the pages of the context; read under no lock when it is empty. */
    private final Set<MessagePage> used = ConcurrentHashMap.newKeySet();

    /**
     * {@code iommufd_sw_msi}: a device of the group wants to reach a page through the HWPT that it
     * is attached to.
     *
     * @return the page's IOVA, or the page itself where messages are not translated
     * @throws Refused ENOMEM, EOVERFLOW for too many pages, and what the driver answers to the
     *     mapping
     */
    long reach(IommuDevice device, PagingHwpt hwpt, long physical) {
      synchronized (MessagePages.this) {
        long window = device.messageWindow();
        if (window == IommuDevice.NO_WINDOW) {
          return physical;
        }
        MessagePage page = page(window, physical);
        MessagePages.install(hwpt, page);
        used.add(page);
        return page.iova();
      }
    }

    /** {@code iommufd_group_setup_msi}: all pages that the group has used so far. */
    void install(PagingHwpt hwpt) {
      synchronized (MessagePages.this) {
        // Mostly there are none, and a replace makes no object then.
        if (!used.isEmpty()) {
          used.forEach(page -> MessagePages.install(hwpt, page));
        }
      }
    }
  }

  /** The pages of a new group, which has used none yet. */
  OfGroup ofGroup() {
    return new OfGroup();
  }

  private MessagePage page(long window, long physical) {
    long next = window;
    for (MessagePage page : pages) {
      if (page.window() != window) {
        continue;
      }
      if (page.physical() == physical) {
        return page;
      }
      next = page.iova() + UserMemory.PAGE_SIZE;
    }
    if (pages.size() == MOST) {
      throw Refused.with(Errno.EOVERFLOW);
    }
    faults.alloc();
    var page = new MessagePage(window, physical, next);
    pages.add(page);
    return page;
  }

  private static void install(PagingHwpt hwpt, MessagePage page) {
    if (hwpt.messages.contains(page)) {
      return;
    }
    int protection = PagingDomain.READ | PagingDomain.WRITE;
    hwpt.domain().map(page.iova(), page.physical(), UserMemory.PAGE_SIZE, protection);
    hwpt.messages.add(page);
  }
}
