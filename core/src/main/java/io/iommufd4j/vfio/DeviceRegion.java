// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.vfio;

import io.iommufd4j.error.OrderedClose;
import io.iommufd4j.wire.KernelFile;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A region of a device, mapped where it can be: what is not mapped, as beside the areas of a {@link
 * InfoCapability.SparseMmap}, is accessed by {@code pread(2)} and {@code pwrite(2)}. Closing it
 * unmaps what is mapped.
 */
public final class DeviceRegion implements Registers, AutoCloseable {

  private final RegionInfo info;
  private final RegionFile file;
  private final List<MappedRegion> areas;

  private DeviceRegion(RegionInfo info, RegionFile file, List<MappedRegion> areas) {
    this.info = info;
    this.file = file;
    this.areas = List.copyOf(areas);
  }

  static DeviceRegion open(KernelFile device, RegionInfo info) {
    var areas = new ArrayList<MappedRegion>();
    try {
      for (InfoCapability.Area area : info.mappableAreas()) {
        areas.add(MappedRegion.map(device, info, area.offset(), area.size()));
      }
      return new DeviceRegion(info, new RegionFile(device, info), areas);
    } catch (RuntimeException e) {
      areas.forEach(MappedRegion::close);
      throw e;
    }
  }

  /** {@return the kernel's description of it} */
  public RegionInfo info() {
    return info;
  }

  /** {@return what is mapped of it; {@link #close} unmaps it} */
  public List<MappedRegion> areas() {
    return areas;
  }

  @Override
  public long byteSize() {
    return info.size();
  }

  @Override
  public int read8(long offset) {
    MappedRegion area = area(offset, Byte.BYTES);
    return area == null ? file.read8(offset) : area.read8(offset - area.position());
  }

  @Override
  public int read16(long offset) {
    MappedRegion area = area(offset, Short.BYTES);
    return area == null ? file.read16(offset) : area.read16(offset - area.position());
  }

  @Override
  public int read32(long offset) {
    MappedRegion area = area(offset, Integer.BYTES);
    return area == null ? file.read32(offset) : area.read32(offset - area.position());
  }

  @Override
  public long read64(long offset) {
    MappedRegion area = area(offset, Long.BYTES);
    return area == null ? file.read64(offset) : area.read64(offset - area.position());
  }

  @Override
  public void write8(long offset, int value) {
    MappedRegion area = area(offset, Byte.BYTES);
    if (area == null) {
      file.write8(offset, value);
    } else {
      area.write8(offset - area.position(), value);
    }
  }

  @Override
  public void write16(long offset, int value) {
    MappedRegion area = area(offset, Short.BYTES);
    if (area == null) {
      file.write16(offset, value);
    } else {
      area.write16(offset - area.position(), value);
    }
  }

  @Override
  public void write32(long offset, int value) {
    MappedRegion area = area(offset, Integer.BYTES);
    if (area == null) {
      file.write32(offset, value);
    } else {
      area.write32(offset - area.position(), value);
    }
  }

  @Override
  public void write64(long offset, long value) {
    MappedRegion area = area(offset, Long.BYTES);
    if (area == null) {
      file.write64(offset, value);
    } else {
      area.write64(offset - area.position(), value);
    }
  }

  /** The mapping that holds all of an access; null without one. */
  private @Nullable MappedRegion area(long offset, int width) {
    RegionBounds.checked(offset, width, info.size());
    for (int i = 0; i < areas.size(); i++) {
      MappedRegion area = areas.get(i);
      if (offset >= area.position() && offset - area.position() <= area.byteSize() - width) {
        return area;
      }
    }
    return null;
  }

  /** Unmaps what is mapped. Closing twice is harmless. */
  @Override
  public void close() {
    var steps = new OrderedClose();
    areas.forEach(area -> steps.step(area::close));
    steps.report();
  }
}
