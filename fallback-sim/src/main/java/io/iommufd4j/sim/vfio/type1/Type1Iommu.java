// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.type1;

import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_DMA_CC_IOMMU;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_TYPE1_IOMMU;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_TYPE1v2_IOMMU;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_UNMAP_ALL;
import static io.iommufd4j.bindings.vfio.vfio_h.VFIO_UPDATE_VADDR;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.sim.iommu.AttachHandle;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.lib.Behavior;
import io.iommufd4j.sim.lib.KernelRelease;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.CallingProcess;
import io.iommufd4j.sim.mm.UserMemory;
import io.iommufd4j.sim.mm.UserProcess;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The type 1 IOMMU of a container ({@code struct vfio_iommu}): mappings that stand in every domain,
 * and as few domains as its groups can share. {@link Type1Requests} decodes what it is asked.
 */
public final class Type1Iommu implements ContainerIommu {

  /** {@code dma_entry_limit}. */
  private static final int MOST_MAPPINGS = 65535;

  /** {@code VFIO_TYPE1_NESTING_IOMMU}, which the newest headers do not have. */
  private static final int NESTING = 6;

  private final CallingProcess calling;
  private final UserMemory memory;
  private final BooleanSupplier unsafeInterrupts;
  private final boolean version2;
  private final KernelRelease release;
  private final Type1Requests requests = new Type1Requests(this);
  private final List<Type1Domain> domains = new ArrayList<>();
  private final TreeMap<Long, Type1Mapping> mappings = new TreeMap<>(Long::compareUnsigned);
  private Type1Ranges usable = new Type1Ranges(List.of());
  private int withoutAddress;
  private boolean tracksDirty;

  private Type1Iommu(
      CallingProcess calling,
      UserMemory memory,
      BooleanSupplier unsafeInterrupts,
      boolean version2,
      KernelRelease release) {
    this.calling = calling;
    this.release = release;
    this.memory = memory;
    this.unsafeInterrupts = unsafeInterrupts;
    this.version2 = version2;
  }

  /** {@code vfio_iommu_type1_check_extension} before there is one. */
  public static boolean offers(long extension, KernelRelease release) {
    boolean nesting = extension == NESTING && !release.has(Behavior.NO_NESTING_IN_TYPE1);
    return nesting
        || extension == VFIO_TYPE1_IOMMU()
        || extension == VFIO_TYPE1v2_IOMMU()
        || extension == VFIO_UNMAP_ALL();
  }

  /**
   * {@code vfio_iommu_type1_open}.
   *
   * @param calling whose memory is mapped, and whose accounts pinned pages count in
   * @param memory of whoever calls
   * @param unsafeInterrupts {@code allow_unsafe_interrupts}, asked at each group that comes
   * @param release which release's it is
   * @throws Refused ENODEV for what it does not offer, EINVAL for what is no type of IOMMU or takes
   *     hardware that no driver here has
   */
  public static Type1Iommu open(
      CallingProcess calling,
      UserMemory memory,
      BooleanSupplier unsafeInterrupts,
      long type,
      KernelRelease release) {
    if (!offers(type, release)) {
      throw Refused.with(Errno.ENODEV);
    }
    if (type != VFIO_TYPE1_IOMMU() && type != VFIO_TYPE1v2_IOMMU()) {
      throw Refused.with(Errno.EINVAL);
    }
    return new Type1Iommu(calling, memory, unsafeInterrupts, type == VFIO_TYPE1v2_IOMMU(), release);
  }

  @Override
  public int ioctl(Request request, long argument) {
    return requests.ioctl(request, argument);
  }

  UserMemory memory() {
    return memory;
  }

  KernelRelease release() {
    return release;
  }

  boolean version2() {
    return version2;
  }

  /** {@code vfio_iommu_type1_check_extension}. */
  synchronized boolean has(long extension) {
    return offers(extension, release)
        || extension == VFIO_UPDATE_VADDR()
        || (extension == VFIO_DMA_CC_IOMMU()
            && domains.stream().allMatch(Type1Domain::enforcesCoherency));
  }

  /** Every page size that all domains have. */
  synchronized long pageSizes() {
    long sizes = -1;
    for (Type1Domain domain : domains) {
      sizes &= domain.domain().table().pageSizes();
    }
    long below = UserMemory.PAGE_SIZE - 1;
    return (sizes & below) == 0 ? sizes : (sizes & ~below) | UserMemory.PAGE_SIZE;
  }

  long smallestPage() {
    return Long.lowestOneBit(pageSizes());
  }

  /** The number of mappings that can still be made. */
  synchronized int available() {
    return MOST_MAPPINGS - mappings.size();
  }

  synchronized List<Type1Ranges.Range> usable() {
    return usable.ranges();
  }

  /**
   * {@code vfio_iommu_type1_attach_group}: what is mapped is there for the group's devices too.
   *
   * @throws Refused EBUSY while an address is taken away, EINVAL when the group cannot reach what
   *     is mapped, EPERM when its interrupts are not isolated, and what the IOMMU answers
   */
  @Override
  public synchronized void attach(IommuGroup group) {
    if (withoutAddress > 0) {
      throw Refused.with(Errno.EBUSY);
    }
    IommuDevice first = group.devices().getFirst();
    var domain = Type1Domain.of(first.driver().allocPaging(first, 0));
    attachTo(domain, group);
    try {
      requireReach(domain, group);
      if (!group.isolatesInterrupts() && !unsafeInterrupts.getAsBoolean()) {
        throw Refused.with(Errno.EPERM);
      }
      if (!joins(domain, group)) {
        mappings.values().forEach(mapping -> place(domain, mapping));
        domains.addFirst(domain);
      }
    } catch (Refused refused) {
      group.detach();
      domain.domain().dispose();
      throw refused;
    }
    usable = Type1Ranges.of(domains);
  }

  private void drop(Type1Domain domain) {
    if (domains.size() == 1) {
      List.copyOf(mappings.values()).forEach(this::remove);
    }
    domains.remove(domain);
    mappings.values().forEach(m -> domain.domain().unmap(m.iova, m.bytes));
    domain.domain().dispose();
  }

  private static void attachTo(Type1Domain domain, IommuGroup group) {
    try {
      group.attach(domain.domain(), new AttachHandle());
    } catch (Refused refused) {
      domain.domain().dispose();
      throw refused;
    }
    domain.groups().add(group);
  }

  private void requireReach(Type1Domain domain, IommuGroup group) {
    var reach = new ArrayList<>(domains);
    reach.add(domain);
    List<Type1Ranges.Range> left = Type1Ranges.of(reach).ranges();
    long last = domain.domain().table().apertureLast();
    boolean beyond =
        mappings.values().stream().anyMatch(m -> Long.compareUnsigned(m.last(), last) > 0);
    boolean reserved =
        Type1Ranges.reserved(group).stream().anyMatch(r -> overlaps(r.start(), r.last()));
    if (left.isEmpty() || beyond || reserved) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  /** Moves the group to an existing domain that it fits into; false when there is none. */
  private boolean joins(Type1Domain domain, IommuGroup group) {
    for (Type1Domain other : domains) {
      if (!other.suits(domain)) {
        continue;
      }
      group.detach();
      try {
        group.attach(other.domain(), new AttachHandle());
        other.groups().add(group);
        domain.domain().dispose();
        return true;
      } catch (Refused refused) {
        // It does not fit that one; its own is still there.
        group.attach(domain.domain(), new AttachHandle());
      }
    }
    return false;
  }

  /** {@code vfio_iommu_type1_detach_group}: what is mapped goes with the last domain. */
  @Override
  public synchronized void detach(IommuGroup group) {
    domains.stream()
        .filter(domain -> domain.groups().remove(group))
        .findFirst()
        .ifPresent(domain -> {
          group.detach();
          if (domain.groups().isEmpty()) {
            drop(domain);
          }
        });
    usable = Type1Ranges.of(domains);
  }

  /**
   * {@code vfio_dma_do_map}, its arguments sound by themselves.
   *
   * @throws Refused EINVAL for what is not whole pages or not usable, EEXIST where something is
   *     mapped, ENOSPC beyond 65535 mappings, EFAULT and ENOMEM when pages cannot be pinned
   */
  synchronized void map(long iova, long address, long bytes, int protection, boolean writable) {
    requireWhole(iova | address | bytes);
    if (overlaps(iova, iova + bytes - 1)) {
      throw Refused.with(Errno.EEXIST);
    }
    if (available() == 0) {
      throw Refused.with(Errno.ENOSPC);
    }
    if (!usable.hold(iova, iova + bytes - 1)) {
      throw Refused.with(Errno.EINVAL);
    }
    UserProcess owner = calling.get();
    Accounting.Mode account = owner.accounting().mode(true);
    long pages = bytes / UserMemory.PAGE_SIZE;
    long registers = owner.memory().registers(address, pages, writable);
    boolean pinned = registers < 0;
    long physical = pinned ? pin(owner, address, pages, writable, account) : registers;
    var mapping = new Type1Mapping(iova, bytes, protection, physical, owner, account, pinned);
    mappings.put(iova, mapping);
    try {
      domains.forEach(domain -> place(domain, mapping));
    } catch (Refused refused) {
      remove(mapping);
      throw refused;
    }
  }

  /**
   * {@code vfio_pin_pages_remote}: pages are counted as they are pinned, so that the limit may be
   * met before an address that nothing can be pinned at.
   */
  private static long pin(
      UserProcess owner, long address, long pages, boolean writable, Accounting.Mode account) {
    long room = Math.max(0, owner.accounting().room(account));
    long tried = room >= pages ? pages : room + 1;
    long physical = owner.memory().pin(address, tried, writable);
    try {
      owner.accounting().charge(account, pages);
      return physical;
    } catch (Refused refused) {
      owner.memory().unpin(physical, tried);
      throw refused;
    }
  }

  private static void place(Type1Domain domain, Type1Mapping mapping) {
    domain.domain().map(mapping.iova, mapping.physical, mapping.bytes, mapping.protection);
  }

  /**
   * {@code VFIO_DMA_MAP_FLAG_VADDR}: gives a mapping an address again.
   *
   * @throws Refused EINVAL for what is not whole pages or not exactly a mapping without address,
   *     ENOENT where nothing is mapped
   */
  synchronized void giveAddress(long iova, long address, long bytes) {
    requireWhole(iova | address | bytes);
    if (!overlaps(iova, iova + bytes - 1)) {
      throw Refused.with(Errno.ENOENT);
    }
    Type1Mapping mapping = mappings.get(iova);
    if (mapping == null || mapping.bytes != bytes || !mapping.withoutAddress) {
      throw Refused.with(Errno.EINVAL);
    }
    mapping.withoutAddress = false;
    withoutAddress--;
  }

  private void requireWhole(long bits) {
    if ((bits & (smallestPage() - 1)) != 0) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  /** Takes something from each mapping of a range. */
  @FunctionalInterface
  interface Visit {
    /** Called with each mapping before it goes. */
    void of(Type1Mapping mapping);
  }

  /**
   * {@code vfio_dma_do_unmap} of a range of whole pages. Version 2 refuses to cut a mapping;
   * version 1 takes a whole one for its first page and stops at one it would cut.
   *
   * @param before done with each mapping that goes
   * @return bytes unmapped
   * @throws Refused EINVAL when a mapping would be cut
   */
  synchronized long unmap(long first, long last, Visit before) {
    requireUncut(first, last);
    long unmapped = 0;
    for (Type1Mapping mapping : touched(first, last)) {
      before.of(mapping);
      unmapped += mapping.bytes;
      remove(mapping);
    }
    return unmapped;
  }

  /**
   * {@code VFIO_DMA_UNMAP_FLAG_VADDR}: mappings stay and lose their addresses.
   *
   * @return bytes of these mappings
   * @throws Refused EINVAL when a mapping would be cut or has no address; none loses it then
   */
  synchronized long takeAddresses(long first, long last) {
    requireUncut(first, last);
    Collection<Type1Mapping> all = touched(first, last);
    if (all.stream().anyMatch(mapping -> mapping.withoutAddress)) {
      throw Refused.with(Errno.EINVAL);
    }
    long bytes = 0;
    for (Type1Mapping mapping : all) {
      mapping.withoutAddress = true;
      withoutAddress++;
      bytes += mapping.bytes;
    }
    return bytes;
  }

  /**
   * Refuses a range that begins or ends within a mapping, unless it is everything or this is
   * version 1.
   */
  private void requireUncut(long first, long last) {
    boolean everything = first == 0 && last == -1;
    if (version2 && !everything) {
      requireEdges(first, last);
    }
  }

  private void requireEdges(long first, long last) {
    Type1Mapping head = covering(first);
    Type1Mapping tail = covering(last);
    if ((head != null && head.iova != first) || (tail != null && tail.last() != last)) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  private List<Type1Mapping> touched(long first, long last) {
    Type1Mapping head = covering(first);
    if (head != null && head.iova != first) {
      return List.of();
    }
    return List.copyOf(mappings.subMap(first, true, last, true).values());
  }

  private @Nullable Type1Mapping covering(long iova) {
    Map.Entry<Long, Type1Mapping> entry = mappings.floorEntry(iova);
    return entry == null || Long.compareUnsigned(entry.getValue().last(), iova) < 0
        ? null
        : entry.getValue();
  }

  private boolean overlaps(long first, long last) {
    return covering(first) != null || !mappings.subMap(first, true, last, true).isEmpty();
  }

  /** {@code vfio_remove_dma}. */
  private void remove(Type1Mapping mapping) {
    domains.forEach(domain -> domain.domain().unmap(mapping.iova, mapping.bytes));
    long pages = mapping.bytes / UserMemory.PAGE_SIZE;
    if (mapping.pinned) {
      mapping.owner.memory().unpin(mapping.physical, pages);
      mapping.owner.accounting().uncharge(mapping.account, pages);
    }
    mappings.remove(mapping.iova);
    withoutAddress -= mapping.withoutAddress ? 1 : 0;
  }

  /** {@code VFIO_IOMMU_DIRTY_PAGES} start and stop. */
  synchronized void trackDirty(boolean on) {
    tracksDirty = on;
  }

  synchronized boolean tracksDirty() {
    return tracksDirty;
  }

  /**
   * {@code vfio_iova_dirty_bitmap}: the mappings of a range, all of whose pages count as written
   * because devices could have.
   *
   * @throws Refused EINVAL when the range cuts a mapping
   */
  synchronized void dirty(long first, long last, Visit each) {
    requireEdges(first, last);
    touched(first, last).forEach(each::of);
  }
}
