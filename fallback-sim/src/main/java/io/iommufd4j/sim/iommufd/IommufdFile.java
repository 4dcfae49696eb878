// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.OpenFile;
import io.iommufd4j.sim.lib.Behavior;
import io.iommufd4j.sim.lib.KernelRelease;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** An open {@code /dev/iommu}. */
public final class IommufdFile implements OpenFile {

  private static final int MAP_SHARED = 1;
  private static final int PROT_WRITE = 2;
  private static final int PROT_EXEC = 4;

  private final IommufdContext context;
  private final RequestHandler requests;

  /** Pages that are mapped as copies, by the addresses of these. */
  private final Map<Long, MemorySegment> copies = new ConcurrentHashMap<>();

  /**
   * Opens a context, whose first reference is the file's.
   *
   * @param requests answers what is asked of the context
   */
  public IommufdFile(IommufdContext context, RequestHandler requests) {
    this.context = context;
    this.requests = requests;
  }

  /** The context that the file stands for. */
  public IommufdContext context() {
    return context;
  }

  @Override
  public int ioctl(int request, long argument) {
    return requests.ioctl(request, argument);
  }

  /**
   * {@code iommufd_fops_mmap}: registers that a request handed out the offset of.
   *
   * @throws Refused EINVAL for a private mapping, EPERM for an executable one, ENXIO where nothing
   *     is or not just so much; ENODEV for any with {@link KernelRelease Linux 6.12}
   */
  @Override
  public MemorySegment mmap(long bytes, int protection, int flags, long offset) {
    if (!context.release().has(Behavior.MAPS_IOMMUFD)) {
      throw Refused.with(Errno.ENODEV);
    }
    if ((flags & MAP_SHARED) == 0) {
      throw Refused.with(Errno.EINVAL);
    }
    if ((protection & PROT_EXEC) != 0) {
      throw Refused.with(Errno.EPERM);
    }
    return context.mmapAreas().map(bytes, offset, (protection & PROT_WRITE) != 0);
  }

  /** A page of bytes that is never written to again once a program can map it. */
  @Override
  public void mmapInto(MemorySegment memory, int protection, int flags, long offset) {
    MemorySegment shown = mmap(memory.byteSize(), protection, flags, offset);
    memory.copyFrom(shown);
    copies.put(memory.address(), shown);
  }

  @Override
  public void unmapped(MemorySegment mapping) {
    MemorySegment shown = copies.remove(mapping.address());
    context.mmapAreas().unmapped(shown == null ? mapping : shown);
  }

  @Override
  public void release() {
    context.put();
  }
}
