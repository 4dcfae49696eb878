// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.scene;

import io.iommufd4j.differential.program.UserRegions;
import io.iommufd4j.differential.program.Value;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The objects that the generator believes to exist. It assumes that every request that should
 * succeed did: a wrong assumption costs a refused request, and never a wrong comparison.
 */
public final class Shadow {

  /** A mapped range, and the user memory it maps where that is known. */
  public record Area(long iova, long bytes, Value.@Nullable Address from) {}

  /** An IOAS and what is mapped in it. */
  public static final class Ioas {
    public final int slot;
    public final List<Area> areas = new ArrayList<>();

    public Ioas(int slot) {
      this.slot = slot;
    }
  }

  /** Memory that the program mapped itself. */
  public record Region(int slot, long bytes) {}

  /** A hardware page table. */
  public record Hwpt(int slot, Ioas ioas, int flags) {}

  /** A VFIO device, opened, and mostly bound. */
  public static final class Device {
    public final int index;
    public final int file;
    public int idSlot;
    public @Nullable Context context;
    public boolean attached;

    public Device(int index, int file) {
      this.index = index;
      this.file = file;
    }
  }

  /** A mock device with a domain of its own from the start. */
  public record MockDevice(int selfSlot, int idSlot) {}

  /** A PASID of a mock device that was to be attached. */
  public record AttachedPasid(Context context, int selfSlot, long pasid) {}

  /** An in-kernel user of an IOAS, and the page pins it was asked to make. */
  public static final class Access {
    public final int file;
    public final List<Integer> pins = new ArrayList<>();

    public Access(int file) {
      this.file = file;
    }
  }

  /** A device's group, opened. */
  public static final class Group {
    public final int device;
    public final int file;

    public Group(int device, int file) {
      this.device = device;
      this.file = file;
    }
  }

  /** A VFIO container, and what is mapped in it. */
  public static final class Container {
    public final int file;
    public final List<Area> areas = new ArrayList<>();

    public Container(int file) {
      this.file = file;
    }
  }

  /** One open {@code /dev/iommu}. */
  public static final class Context {
    public final List<Integer> files = new ArrayList<>();
    public final List<Ioas> ioas = new ArrayList<>();
    public final List<Hwpt> hwpts = new ArrayList<>();
    public final List<Integer> nested = new ArrayList<>();
    public final List<Integer> faultQueues = new ArrayList<>();
    public final List<Integer> viommus = new ArrayList<>();
    public final List<Integer> vdevices = new ArrayList<>();
    public final List<Integer> queues = new ArrayList<>();
    public final List<MockDevice> mocks = new ArrayList<>();
    public final List<Access> accesses = new ArrayList<>();

    public Context(int file) {
      files.add(file);
    }
  }

  public final List<Context> contexts = new ArrayList<>();
  public final List<Device> devices = new ArrayList<>();
  public final List<Integer> memfds = new ArrayList<>();
  public final List<Integer> eventfds = new ArrayList<>();
  public final List<Integer> eventQueues = new ArrayList<>();
  public final List<Region> regions = new ArrayList<>();

  /** Of devices and virtual IOMMUs: memory that no request is given, for no pages lie behind it. */
  public final List<Region> windows = new ArrayList<>();

  public final List<Group> groups = new ArrayList<>();
  public final List<Container> containers = new ArrayList<>();
  public final List<Integer> dmaBufs = new ArrayList<>();

  /**
   * True if such memory was mapped into an IOAS. A copy that gets its IOVA from the kernel keeps
   * the alignment of the memory, so the IOVA would show the address the host chose.
   */
  public boolean ownMemoryInIoas;

  /** The device that vfio-pci lacks; −1 while it has all. */
  public int unbound = -1;

  /** Devices that the program opened, and so may not take from their driver: that waits for it. */
  public final Set<Integer> everOpened = new HashSet<>();

  public final Set<AttachedPasid> attachedPasids = new LinkedHashSet<>();

  private int nextFile;
  private int nextObject;
  private int nextRegion = UserRegions.FIRST_MAPPED;

  public int newFile() {
    return nextFile++;
  }

  public int newObject() {
    return nextObject++;
  }

  public int newRegion() {
    return nextRegion++;
  }

  /** The number of file slots so far. */
  public int files() {
    return nextFile;
  }

  /** The number of object slots so far. */
  int objects() {
    return nextObject;
  }
}
