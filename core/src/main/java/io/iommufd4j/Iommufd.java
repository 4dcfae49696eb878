// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.error.KernelException;
import io.iommufd4j.error.OrderedClose;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.uapi.ObjectId;
import io.iommufd4j.wire.KernelFile;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;

/**
 * An iommufd that this object owns.
 *
 * <p>Closing it takes everything down in the order the kernel wants: devices bound through this
 * object are detached, mappings of driver memory taken down, objects destroyed, what was made last
 * first, and the descriptor closed. Every step is taken even if others fail; the first failure is
 * thrown at the end with the rest suppressed in it. A device stays bound until its own handle is
 * closed, for it holds the kernel's context alive.
 *
 * <p>What was made here without a handle, by {@link #request} or before the descriptor was adopted,
 * ends with the last descriptor of the iommufd; {@link #foreignObjects} lists it, also once this is
 * closed. Where it keeps an object of a handle busy, the failure names it.
 */
public final class Iommufd extends IommufdRef implements AutoCloseable {

  private static final String PATH = "/dev/iommu";

  private final SequencedSet<BoundDevice> devices = new LinkedHashSet<>();
  private final boolean adopted;
  private volatile List<ObjectId> left = List.of();

  private Iommufd(KernelFile file, boolean adopted) {
    super(file, true);
    this.adopted = adopted;
  }

  /**
   * Opens {@code /dev/iommu}.
   *
   * @param kernel real or simulated
   * @return an iommufd without objects
   * @throws KernelException {@code ENOENT} without iommufd in the kernel, {@code EACCES} without
   *     permission
   */
  public static Iommufd open(Kernel kernel) {
    return new Iommufd(KernelFile.open(kernel, PATH), false);
  }

  /**
   * Takes over a descriptor that was opened elsewhere; closing this closes it.
   *
   * @param kernel the kernel that the descriptor belongs to
   * @param fd an open iommufd of this kernel; whether it is one shows at the first request
   * @return the iommufd with the objects it has already
   */
  public static Iommufd adopt(Kernel kernel, int fd) {
    return new Iommufd(new KernelFile(kernel, fd), true);
  }

  /**
   * Gives the descriptor up to the caller, with all that was made in it; handles made through this
   * object end with it and destroy nothing.
   *
   * @return the descriptor, still open
   * @throws IllegalStateException when closed
   */
  public int release() {
    synchronized (this) {
      devices.clear();
    }
    owned().forget();
    return file().release();
  }

  /** Closes, as described above. Closing twice is harmless. */
  @Override
  public void close() {
    if (!file().isOpen()) {
      return;
    }
    var steps = new OrderedClose();
    boundDevices().reversed().forEach(device -> steps.step(device::detachAll));
    owned().close(steps);
    if (adopted || !facts().known().requested().isEmpty()) {
      steps.step(() -> left = super.foreignObjects());
    }
    steps.step(file()::close);
    steps.report();
  }

  /**
   * {@return the objects of this iommufd that no handle made through this object owns; once it is
   * closed, those that it left behind}
   */
  @Override
  public List<ObjectId> foreignObjects() {
    return file().isOpen() ? super.foreignObjects() : left;
  }

  @Override
  public synchronized void noteBound(BoundDevice device) {
    devices.add(device);
  }

  @Override
  public synchronized List<BoundDevice> boundDevices() {
    return List.copyOf(devices);
  }

  @Override
  public synchronized void noteUnbound(BoundDevice device) {
    devices.remove(device);
  }
}
