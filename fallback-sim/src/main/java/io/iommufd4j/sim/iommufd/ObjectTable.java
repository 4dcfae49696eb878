// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.IdTable;
import io.iommufd4j.sim.lib.Refused;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A context's objects by number, lowest free first, from 1 ({@code iommufd_ctx::objects}), and
 * their reference counts. All of it is guarded by the table itself, which is locked last.
 */
public final class ObjectTable {

  private static final long DESTROY_TIMEOUT = TimeUnit.SECONDS.toNanos(60);

  private final FaultPlan faults;
  private final IdTable<IommufdObject> ids = new IdTable<>(1);
  private int taken;

  /** The number of ids that are taken but have no object any more. */
  private int buried;

  private @Nullable IommufdObject compatible;

  ObjectTable(FaultPlan faults) {
    this.faults = faults;
  }

  /** The plan of which of the context's allocations fail. */
  public FaultPlan faults() {
    return faults;
  }

  /**
   * {@code _iommufd_object_alloc}: takes a number for an object that nobody can find before {@link
   * #publish}.
   *
   * @param make makes the object, which may take hold of others then: it comes to be for certain
   * @throws Refused ENOMEM
   */
  public <T extends IommufdObject> T reserve(Supplier<T> make) {
    faults.alloc(); // The object.
    faults.alloc(); // Its place in the table.
    T object = make.get();
    synchronized (this) {
      object.id = ids.reserve();
      taken++;
      return object;
    }
  }

  /** {@code iommufd_object_finalize}. */
  public synchronized void publish(IommufdObject object) {
    ids.publish(object.id, object);
  }

  /** {@code iommufd_object_abort_and_destroy}: undoes {@link #reserve}. */
  public void abort(IommufdObject object) {
    object.abort();
    synchronized (this) {
      take(object);
    }
  }

  /**
   * {@code iommufd_get_object}: finds and holds an object until {@link #put}.
   *
   * @throws Refused ENOENT when there is none, or one of another type
   */
  public <T extends IommufdObject> T get(int id, Class<T> type) {
    faults.inject(Errno.ENOENT);
    synchronized (this) {
      IommufdObject object = ids.find(id);
      if (!type.isInstance(object) || !hold(object)) {
        throw Refused.with(Errno.ENOENT);
      }
      return type.cast(object);
    }
  }

  /** {@code iommufd_lock_obj}: false when it is being destroyed. */
  public synchronized boolean hold(@Nullable IommufdObject object) {
    if (object == null || object.users == 0 || object.waits == 0) {
      return false;
    }
    object.users++;
    object.waits++;
    return true;
  }

  /** {@code iommufd_put_object}: undoes {@link #get} and {@link #hold}. */
  public synchronized void put(IommufdObject object) {
    object.users--;
    if (--object.waits == 0) {
      notifyAll();
    }
  }

  /** Somebody needs an object for as long as {@link #removeUsers} is not called. */
  public synchronized void addUsers(IommufdObject object, int count) {
    object.users += count;
  }

  /**
   * {@code iommufd_try_inc_users}: {@link #addUsers} of one from outside a request that holds the
   * object; false when it is being destroyed.
   */
  public synchronized boolean tryAddUser(IommufdObject object) {
    if (object.users == 0) {
      return false;
    }
    object.users++;
    return true;
  }

  /** Undoes {@link #addUsers}; never the last. */
  public synchronized void removeUsers(IommufdObject object, int count) {
    object.users -= count;
  }

  /** The number of users of an object now. */
  synchronized int users(IommufdObject object) {
    return object.users;
  }

  /**
   * {@code IOMMU_DESTROY}.
   *
   * @throws Refused ENOENT when there is none, EBUSY when somebody needs it
   */
  public void destroy(int id) {
    IommufdObject object;
    synchronized (this) {
      object = ids.find(id);
      if (object == null) {
        throw Refused.with(Errno.ENOENT);
      }
      unpublish(object);
    }
    awaitUnused(object);
    object.destroy();
  }

  /**
   * {@code iommufd_object_put_and_try_destroy}: drops one user, and destroys the object when that
   * was the last.
   */
  void dropOrDestroy(IommufdObject object) {
    synchronized (this) {
      object.users--;
      if (object.users != 1 || ids.find(object.id) != object) {
        return;
      }
      unpublish(object);
    }
    awaitUnused(object);
    object.destroy();
  }

  /**
   * {@code iommufd_object_destroy_user}: destroys an object that the caller holds by {@link
   * #addUsers}, once the requests that run with it are through.
   */
  public void destroyOwn(IommufdObject object) {
    destroyOwn(object, false);
  }

  /**
   * {@code iommufd_object_tombstone_user}: as {@link #destroyOwn}, but the number is not given out
   * again, so that who still knows it meets no other object.
   */
  public void bury(IommufdObject object) {
    destroyOwn(object, true);
  }

  private void destroyOwn(IommufdObject object, boolean bury) {
    if (!awaitUnused(object)) {
      removeUsers(object, 1);
      return;
    }
    synchronized (this) {
      object.users--;
      if (object.users != 1) {
        object.waits = 1;
        return;
      }
      object.users = 0;
      if (bury) {
        ids.bury(object.id);
        buried++;
      } else {
        take(object);
      }
    }
    object.destroy();
  }

  /** Nobody can reach the context any more: every object goes, those that nobody needs first. */
  void destroyAll() {
    while (true) {
      List<IommufdObject> objects = all();
      boolean progress = false;
      for (IommufdObject object : objects) {
        synchronized (this) {
          if (object.users != 1) {
            continue;
          }
          unpublish(object);
        }
        progress = true;
        object.destroy();
      }
      if (!progress) {
        break;
      }
    }
    synchronized (this) {
      taken -= buried;
      buried = 0;
    }
  }

  /** Every object, by rising number. */
  public List<IommufdObject> all() {
    List<IommufdObject> objects = new ArrayList<>();
    ids.forEach(objects::add);
    return objects;
  }

  /** True if no number is taken. */
  public synchronized boolean isEmpty() {
    return taken == 0;
  }

  /** The number of ids that are taken. */
  synchronized int size() {
    return taken;
  }

  /** The IOAS that VFIO-compatible requests work on ({@code vfio_ioas}). */
  synchronized void compatible(@Nullable IommufdObject ioas) {
    compatible = ioas;
  }

  /** Makes an IOAS the one that VFIO-compatible requests work on; false when there is one. */
  synchronized boolean compatibleUnlessThere(IommufdObject ioas) {
    if (compatible != null) {
      return false;
    }
    compatible = ioas;
    return true;
  }

  /** True if there is an IOAS that VFIO-compatible requests work on. */
  synchronized boolean hasCompatible() {
    return compatible != null;
  }

  /**
   * Finds and holds the IOAS that VFIO-compatible requests work on.
   *
   * @throws Refused ENODEV when there is none
   */
  synchronized IommufdObject getCompatible() {
    IommufdObject ioas = compatible;
    if (ioas == null || !hold(ioas)) {
      throw Refused.with(Errno.ENODEV);
    }
    return ioas;
  }

  private void unpublish(IommufdObject object) {
    if (object.users != 1) {
      throw Refused.with(Errno.EBUSY);
    }
    object.users = 0;
    take(object);
    if (compatible == object) {
      compatible = null;
    }
  }

  private void take(IommufdObject object) {
    ids.remove(object.id);
    taken--;
  }

  /** {@code iommufd_object_dec_wait}: false when requests did not let go in time. */
  private boolean awaitUnused(IommufdObject object) {
    synchronized (this) {
      if (--object.waits == 0) {
        return true;
      }
    }
    object.preDestroy();
    long deadline = System.nanoTime() + DESTROY_TIMEOUT;
    boolean interrupted = false;
    try {
      synchronized (this) {
        while (object.waits != 0) {
          long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
          if (left <= 0) {
            object.waits++;
            return false;
          }
          try {
            wait(left);
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
        return true;
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
