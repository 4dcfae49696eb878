// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.differential;

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
final class Shadow {

  /** A mapped range, and the user memory it maps where that is known. */
  record Area(long iova, long bytes, Value.@Nullable Address from) {}

  /** An IOAS and what is mapped in it. */
  static final class Ioas {
    final int slot;
    final List<Area> areas = new ArrayList<>();

    Ioas(int slot) {
      this.slot = slot;
    }
  }

  /** Memory that the program mapped itself. */
  record Region(int slot, long bytes) {}

  /** A hardware page table. */
  record Hwpt(int slot, Ioas ioas, int flags) {}

  /** A VFIO device, opened, and mostly bound. */
  static final class Device {
    final int index;
    final int file;
    int idSlot;
    @Nullable Context context;
    boolean attached;

    Device(int index, int file) {
      this.index = index;
      this.file = file;
    }
  }

  /** A mock device with a domain of its own from the start. */
  record MockDevice(int selfSlot, int idSlot) {}

  /** A PASID of a mock device that was to be attached. */
  record AttachedPasid(Context context, int selfSlot, long pasid) {}

  /** An in-kernel user of an IOAS, and the page pins it was asked to make. */
  static final class Access {
    final int file;
    final List<Integer> pins = new ArrayList<>();

    Access(int file) {
      this.file = file;
    }
  }

  /** A device's group, opened. */
  static final class Group {
    final int device;
    final int file;

    Group(int device, int file) {
      this.device = device;
      this.file = file;
    }
  }

  /** A VFIO container, and what is mapped in it. */
  static final class Container {
    final int file;
    final List<Area> areas = new ArrayList<>();

    Container(int file) {
      this.file = file;
    }
  }

  /** One open {@code /dev/iommu}. */
  static final class Context {
    final List<Integer> files = new ArrayList<>();
    final List<Ioas> ioas = new ArrayList<>();
    final List<Hwpt> hwpts = new ArrayList<>();
    final List<Integer> nested = new ArrayList<>();
    final List<Integer> faultQueues = new ArrayList<>();
    final List<Integer> viommus = new ArrayList<>();
    final List<Integer> vdevices = new ArrayList<>();
    final List<Integer> queues = new ArrayList<>();
    final List<MockDevice> mocks = new ArrayList<>();
    final List<Access> accesses = new ArrayList<>();

    Context(int file) {
      files.add(file);
    }
  }

  final List<Context> contexts = new ArrayList<>();
  final List<Device> devices = new ArrayList<>();
  final List<Integer> memfds = new ArrayList<>();
  final List<Integer> eventfds = new ArrayList<>();
  final List<Integer> eventQueues = new ArrayList<>();
  final List<Region> regions = new ArrayList<>();

  /** Of devices and virtual IOMMUs: memory that no request is given, for no pages lie behind it. */
  final List<Region> windows = new ArrayList<>();

  final List<Group> groups = new ArrayList<>();
  final List<Container> containers = new ArrayList<>();
  final List<Integer> dmaBufs = new ArrayList<>();

  /**
   * True if such memory was mapped into an IOAS. A copy that gets its IOVA from the kernel keeps
   * the alignment of the memory, so the IOVA would show the address the host chose.
   */
  boolean ownMemoryInIoas;

  /** Devices that the program opened, and so may not take from their driver: that waits for it. */
  final Set<Integer> everOpened = new HashSet<>();

  final Set<AttachedPasid> attachedPasids = new LinkedHashSet<>();

  private int nextFile;
  private int nextObject;
  private int nextRegion = UserRegions.FIRST_MAPPED;

  int newFile() {
    return nextFile++;
  }

  int newObject() {
    return nextObject++;
  }

  int newRegion() {
    return nextRegion++;
  }

  /** The number of file slots so far. */
  int files() {
    return nextFile;
  }

  /** The number of object slots so far. */
  int objects() {
    return nextObject;
  }
}
