// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd.command;

import io.iommufd4j.bindings.iommufd.iommu_ioas_copy;
import io.iommufd4j.bindings.iommufd.iommu_ioas_map;
import io.iommufd4j.bindings.iommufd.iommu_ioas_map_file;
import io.iommufd4j.bindings.iommufd.iommu_ioas_unmap;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.iommufd.Ioas;
import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.iommufd.ioas.Iova;
import io.iommufd4j.sim.iommufd.ioas.PagesSlice;
import io.iommufd4j.sim.iommufd.ioas.Unmapping;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;

/**
 * {@code IOMMU_IOAS_MAP}, {@code _MAP_FILE}, {@code _COPY} and {@code _UNMAP}. In this order:
 * EOPNOTSUPP for unknown flags and reserved fields, EOVERFLOW for the highest values, EINVAL for
 * neither reading nor writing, ENOENT for an unknown IOAS, then what the page table says. A mapping
 * whose answer cannot be written (EFAULT) stays.
 */
final class MapCommands {

  private static final int FIXED = iommufd_h.IOMMU_IOAS_MAP_FIXED_IOVA();
  private static final int WRITEABLE = iommufd_h.IOMMU_IOAS_MAP_WRITEABLE();
  private static final int READABLE = iommufd_h.IOMMU_IOAS_MAP_READABLE();

  private MapCommands() {}

  static void map(Command command) {
    MemorySegment block = command.block();
    int flags = iommu_ioas_map.flags(block);
    long length = iommu_ioas_map.length(block);
    long iova = iommu_ioas_map.iova(block);
    requireKnown(flags);
    if (iommu_ioas_map.__reserved(block) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
    requireBelowMax(length, iova);
    requireAccess(flags);
    Ioas ioas = command.objects().get(iommu_ioas_map.ioas_id(block), Ioas.class);
    try {
      long address = iommu_ioas_map.user_va(block);
      PagesSlice slice =
          PagesSlice.ofUser(command.context().pagesOwner(), address, length, writes(flags));
      long mapped = map(ioas, slice, length, flags, iova);
      iommu_ioas_map.iova(block, mapped);
      command.respond(iommu_ioas_map.sizeof());
    } finally {
      command.objects().put(ioas);
    }
  }

  static void mapFile(Command command) {
    MemorySegment block = command.block();
    int flags = iommu_ioas_map_file.flags(block);
    long length = iommu_ioas_map_file.length(block);
    long iova = iommu_ioas_map_file.iova(block);
    requireKnown(flags);
    requireBelowMax(length, iova);
    requireAccess(flags);
    Ioas ioas = command.objects().get(iommu_ioas_map_file.ioas_id(block), Ioas.class);
    try {
      long start = iommu_ioas_map_file.start(block);
      int fd = iommu_ioas_map_file.fd(block);
      IommufdContext context = command.context();
      PagesSlice slice =
          PagesSlice.ofFile(
              context.pagesOwner(), context.files(), fd, start, length, writes(flags));
      long mapped = map(ioas, slice, length, flags, iova);
      iommu_ioas_map_file.iova(block, mapped);
      command.respond(iommu_ioas_map_file.sizeof());
    } finally {
      command.objects().put(ioas);
    }
  }

  static void copy(Command command) {
    MemorySegment block = command.block();
    findSource(command);
    int flags = iommu_ioas_copy.flags(block);
    long length = iommu_ioas_copy.length(block);
    long iova = iommu_ioas_copy.dst_iova(block);
    requireKnown(flags);
    requireBelowMax(length, iova);
    requireBelowMax(length, iommu_ioas_copy.src_iova(block));
    requireAccess(flags);
    PagesSlice slices = slices(command, length);
    Ioas ioas;
    try {
      ioas = command.objects().get(iommu_ioas_copy.dst_ioas_id(block), Ioas.class);
    } catch (Refused refused) {
      PagesSlice.putAll(slices);
      throw refused;
    }
    try {
      long mapped = map(ioas, slices, length, flags, iova);
      iommu_ioas_copy.dst_iova(block, mapped);
      command.respond(iommu_ioas_copy.sizeof());
    } finally {
      command.objects().put(ioas);
    }
  }

  /**
   * {@code iommufd_test_syz_conv_iova_id}: a kernel with {@code CONFIG_IOMMUFD_TEST} knows a flag
   * by which programs that guess name a mapping by its number. It stands in the answer as an IOVA.
   */
  private static void findSource(Command command) {
    MemorySegment block = command.block();
    int flags = iommu_ioas_copy.flags(block);
    if ((flags & selftest_h.MOCK_FLAGS_ACCESS_SYZ()) == 0) {
      return;
    }
    iommu_ioas_copy.flags(block, flags & ~selftest_h.MOCK_FLAGS_ACCESS_SYZ());
    Ioas ioas;
    try {
      ioas = command.objects().get(iommu_ioas_copy.src_ioas_id(block), Ioas.class);
    } catch (Refused unknown) {
      return;
    }
    try {
      long given = iommu_ioas_copy.src_iova(block);
      iommu_ioas_copy.src_iova(
          block, ioas.table.iovaInMapping((int) given, (int) (given >>> Integer.SIZE)));
    } finally {
      command.objects().put(ioas);
    }
  }

  private static PagesSlice slices(Command command, long length) {
    MemorySegment block = command.block();
    Ioas ioas = command.objects().get(iommu_ioas_copy.src_ioas_id(block), Ioas.class);
    try {
      return ioas.table.slices(iommu_ioas_copy.src_iova(block), length);
    } finally {
      command.objects().put(ioas);
    }
  }

  /**
   * ENOENT for an unknown IOAS; EINVAL, EOVERFLOW or ENOENT for a range that cuts through an area
   * or has none. The range from 0 of all bytes is the whole IOAS, and may be empty.
   */
  static void unmap(Command command) {
    MemorySegment block = command.block();
    long iova = iommu_ioas_unmap.iova(block);
    long length = iommu_ioas_unmap.length(block);
    Ioas ioas = command.objects().get(iommu_ioas_unmap.ioas_id(block), Ioas.class);
    try {
      boolean all = iova == 0 && length == Iova.MAX;
      if (!all) {
        requireBelowMax(length, iova);
      }
      Unmapping unmapping = all ? ioas.table.unmapAll() : ioas.table.unmap(iova, length);
      unmapping.run();
      if (!all && unmapping.bytes() == 0) {
        throw Refused.with(Errno.ENOENT);
      }
      iommu_ioas_unmap.length(block, unmapping.bytes());
      command.respond(iommu_ioas_unmap.sizeof());
    } finally {
      command.objects().put(ioas);
    }
  }

  private static long map(Ioas ioas, PagesSlice slices, long length, int flags, long iova) {
    try {
      return ioas.table.map(slices, length, fixed(flags), iova, protection(flags));
    } catch (Refused refused) {
      PagesSlice.putAll(slices);
      throw refused;
    }
  }

  private static void requireKnown(int flags) {
    if ((flags & ~(FIXED | WRITEABLE | READABLE)) != 0) {
      throw Refused.with(Errno.EOPNOTSUPP);
    }
  }

  private static void requireBelowMax(long length, long iova) {
    if (length == Iova.MAX || iova == Iova.MAX) {
      throw Refused.with(Errno.EOVERFLOW);
    }
  }

  private static void requireAccess(int flags) {
    if ((flags & (WRITEABLE | READABLE)) == 0) {
      throw Refused.with(Errno.EINVAL);
    }
  }

  private static boolean fixed(int flags) {
    return (flags & FIXED) != 0;
  }

  private static boolean writes(int flags) {
    return (flags & WRITEABLE) != 0;
  }

  private static int protection(int flags) {
    return (writes(flags) ? PagingDomain.WRITE : 0)
        | ((flags & READABLE) != 0 ? PagingDomain.READ : 0);
  }
}
