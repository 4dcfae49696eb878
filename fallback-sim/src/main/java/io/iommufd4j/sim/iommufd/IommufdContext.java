package io.iommufd4j.sim.iommufd;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.OpenFiles;
import io.iommufd4j.sim.fs.Wakeups;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommufd.ioas.PagesOwner;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.CallingProcess;
import io.iommufd4j.sim.mm.UserMemory;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What one open of {@code /dev/iommu} owns ({@code struct iommufd_ctx}). It lives while the file is
 * open or a device is bound; then every object goes.
 */
public final class IommufdContext {

  private final CallingProcess calling;
  private final OpenFiles files;
  private final Wakeups wakeups;
  private final TestCommands tests;
  private final boolean unsafeInterrupts;
  private final FaultPlan faults;
  private final MessagePages messagePages;
  private final ObjectTable objects;
  private final MmapAreas mmapAreas;
  private final Map<IommuGroup, IommufdGroup> groups = new HashMap<>();
  private final AtomicInteger references = new AtomicInteger(1);
  private volatile boolean limitedPerProcess;
  private volatile boolean withoutIommu;

  /**
   * A context with one reference, the file's.
   *
   * @param calling which process makes a request
   * @param files the descriptors of them all
   * @param wakeups where calls wait until one of them is ready
   * @param allowUnsafeInterrupts the module parameter: bind devices whose interrupts are not
   *     isolated
   * @param faults which of its allocations fail
   * @param tests who serves {@code IOMMU_TEST_CMD}
   */
  public IommufdContext(
      CallingProcess calling,
      OpenFiles files,
      Wakeups wakeups,
      boolean allowUnsafeInterrupts,
      FaultPlan faults,
      TestCommands tests) {
    this.calling = calling;
    this.files = files;
    this.wakeups = wakeups;
    this.unsafeInterrupts = allowUnsafeInterrupts;
    this.tests = tests;
    this.faults = faults;
    this.objects = new ObjectTable(faults);
    this.messagePages = new MessagePages(faults);
    this.mmapAreas = new MmapAreas(objects);
  }

  /** {@code iommufd_ctx_get}. */
  public void get() {
    references.incrementAndGet();
  }

  /** {@code iommufd_ctx_put}: the last one destroys every object. */
  public void put() {
    if (references.decrementAndGet() == 0) {
      objects.destroyAll();
    }
  }

  /**
   * {@code iommufd_vfio_compat_ioas_create}: makes an IOAS for type 1 requests when there is none.
   *
   * @throws Refused EINVAL when the context is for devices without IOMMU
   */
  public void needCompatibleIoas() {
    Ioas ioas = objects.reserve(() -> new Ioas(faults));
    if (withoutIommu || !objects.compatibleUnlessThere(ioas)) {
      objects.abort(ioas);
      if (withoutIommu) {
        throw Refused.with(Errno.EINVAL);
      }
      return;
    }
    objects.publish(ioas);
  }

  /**
   * {@code iommufd_vfio_compat_ioas_get_id}.
   *
   * @throws Refused ENODEV when there is none
   */
  public int compatibleIoasId() {
    Ioas ioas = objects.getCompatible();
    objects.put(ioas);
    return ioas.id;
  }

  /** {@code vfio_iommufd_device_has_compat_ioas}: whether there is an IOAS for type 1 requests. */
  public boolean hasCompatibleIoas() {
    return objects.hasCompatible();
  }

  /**
   * {@code iommufd_vfio_compat_set_no_iommu}: from now on type 1 requests choose no IOMMU.
   *
   * @throws Refused EINVAL when there is an IOAS for them
   */
  public void withoutIommu() {
    if (objects.hasCompatible()) {
      throw Refused.with(Errno.EINVAL);
    }
    withoutIommu = true;
  }

  /** Whether type 1 requests choose no IOMMU ({@code no_iommu_mode}). */
  boolean isWithoutIommu() {
    return withoutIommu;
  }

  /** Where its devices find the pages that take interrupt messages. */
  MessagePages messagePages() {
    return messagePages;
  }

  /** Whether its last reference was put and nothing of it is left. */
  public boolean gone() {
    return references.get() == 0 && objects.size() == 0;
  }

  /** How many object ids are taken. */
  public int objectCount() {
    return objects.size();
  }

  /** The memory of the process that calls. */
  public UserMemory memory() {
    return calling.get().memory();
  }

  /** What the process that calls has pinned. */
  Accounting accounting() {
    return calling.get().accounting();
  }

  /** The process that calls, as the owner of pages that it maps now. */
  PagesOwner pagesOwner() {
    Accounting payer = accounting();
    return new PagesOwner(memory(), payer, payer.mode(limitedPerProcess), faults);
  }

  /** That process' descriptors. */
  public OpenFiles files() {
    return files;
  }

  /** Where calls wait until a file is ready. */
  Wakeups wakeups() {
    return wakeups;
  }

  /** What of this context can be mapped. */
  MmapAreas mmapAreas() {
    return mmapAreas;
  }

  /** Its objects. */
  public ObjectTable objects() {
    return objects;
  }

  TestCommands tests() {
    return tests;
  }

  /** Which of its allocations fail. */
  public FaultPlan faults() {
    return faults;
  }

  boolean allowsUnsafeInterrupts() {
    return unsafeInterrupts;
  }

  /** Whether {@code IOMMU_OPTION_RLIMIT_MODE} is 1. */
  boolean limitedPerProcess() {
    return limitedPerProcess;
  }

  void limitPerProcess(boolean perProcess) {
    limitedPerProcess = perProcess;
  }

  /**
   * {@code iommufd_get_group}: what this context keeps of a group, while a device is bound.
   *
   * @throws Refused ENOMEM
   */
  IommufdGroup joinGroup(IommuGroup core) {
    synchronized (groups) {
      IommufdGroup group = groups.get(core);
      if (group == null) {
        faults.alloc();
        group = new IommufdGroup(objects, messagePages, core);
        groups.put(core, group);
      }
      group.devices++;
      return group;
    }
  }

  /**
   * {@code iommufd_bind_noiommu}: a group for one device that has no IOMMU.
   *
   * @throws Refused ENOMEM
   */
  IommufdGroup ownGroup() {
    faults.alloc();
    return new IommufdGroup(objects, messagePages, null);
  }

  /** {@code iommufd_put_group}. */
  void leaveGroup(IommufdGroup group) {
    IommuGroup core = group.core();
    if (core == null) {
      return;
    }
    synchronized (groups) {
      if (--group.devices == 0) {
        groups.remove(core);
      }
    }
  }
}
