// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import io.iommufd4j.sim.fs.OpenFiles;
import io.iommufd4j.sim.fs.Wakeups;
import io.iommufd4j.sim.iommufd.ioas.PagesOwner;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.KernelRelease;
import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.CallingProcess;
import io.iommufd4j.sim.mm.UserMemory;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The part of a context that its objects use: their numbers, the process that makes a request, and
 * the reference count; when the last reference is put, every object is destroyed.
 */
public abstract class ObjectContext {

  private final CallingProcess calling;
  private final OpenFiles files;
  private final Wakeups wakeups;
  private final FaultPlan faults;
  private final ObjectTable objects;
  private final MmapAreas mmapAreas;
  private final AtomicInteger references = new AtomicInteger(1);
  private final KernelRelease release;
  private volatile boolean limitedPerProcess;

  /** The owner that most mappings share, so that each need not have its own. */
  private volatile @Nullable PagesOwner lastPagesOwner;

  ObjectContext(
      CallingProcess calling,
      OpenFiles files,
      Wakeups wakeups,
      FaultPlan faults,
      KernelRelease release) {
    this.release = release;
    this.calling = calling;
    this.files = files;
    this.wakeups = wakeups;
    this.faults = faults;
    this.objects = new ObjectTable(faults);
    this.mmapAreas = new MmapAreas(objects);
  }

  /** {@code iommufd_ctx_get}. */
  public final void get() {
    references.incrementAndGet();
  }

  /** {@code iommufd_ctx_put}: the last one destroys every object. */
  public final void put() {
    if (references.decrementAndGet() == 0) {
      objects.destroyAll();
    }
  }

  /** True if its last reference was put and no object is left. */
  public final boolean gone() {
    return references.get() == 0 && objects.size() == 0;
  }

  /** The number of object ids that are taken. */
  public final int objectCount() {
    return objects.size();
  }

  /** The release it answers as. */
  public final KernelRelease release() {
    return release;
  }

  /** The memory of the process that calls. */
  public final UserMemory memory() {
    return calling.get().memory();
  }

  /** The accounts of the process that calls. */
  public final Accounting accounting() {
    return calling.get().accounting();
  }

  /** The process that calls, as the owner of pages that it maps now. */
  public final PagesOwner pagesOwner() {
    UserMemory memory = memory();
    Accounting payer = accounting();
    Accounting.Mode mode = payer.mode(limitedPerProcess);
    PagesOwner owner = lastPagesOwner;
    if (owner == null
        || owner.memory() != memory
        || owner.payer() != payer
        || owner.mode() != mode) {
      owner = new PagesOwner(memory, payer, mode, faults, release);
      lastPagesOwner = owner;
    }
    return owner;
  }

  /** That process' descriptors. */
  public final OpenFiles files() {
    return files;
  }

  /** The place where calls wait until a file is ready. */
  final Wakeups wakeups() {
    return wakeups;
  }

  /** The areas of this context that {@code mmap} can map. */
  public final MmapAreas mmapAreas() {
    return mmapAreas;
  }

  /** Its objects. */
  public final ObjectTable objects() {
    return objects;
  }

  /** The plan of which of its allocations fail. */
  public final FaultPlan faults() {
    return faults;
  }

  /** True if {@code IOMMU_OPTION_RLIMIT_MODE} is 1. */
  public final boolean limitedPerProcess() {
    return limitedPerProcess;
  }

  /** Sets {@code IOMMU_OPTION_RLIMIT_MODE}. */
  public final void limitPerProcess(boolean perProcess) {
    limitedPerProcess = perProcess;
  }
}
