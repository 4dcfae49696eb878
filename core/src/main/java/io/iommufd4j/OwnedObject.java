// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.uapi.ObjectId;
import io.iommufd4j.uapi.VdeviceId;
import io.iommufd4j.wire.KernelFile;
import org.jspecify.annotations.Nullable;

/** The life of an object that a handle owns: made once, destroyed once. */
final class OwnedObject {

  private final OwnedObjects home;
  private final ObjectId id;

  /** Of a queue; the kernel destroys no queue whose descriptor is open. */
  private final @Nullable KernelFile descriptor;

  private volatile boolean open = true;

  OwnedObject(OwnedObjects home, ObjectId id, @Nullable KernelFile descriptor) {
    this.home = home;
    this.id = id;
    this.descriptor = descriptor;
  }

  ObjectId id() {
    return id;
  }

  void requireOpen() {
    if (!open) {
      throw new IllegalStateException(id + " is closed");
    }
  }

  /** {@code IOMMU_DESTROY} once its descriptor is closed: 0, or −errno. */
  synchronized int tryDestroy() {
    int result = open ? home.tryDestroy(id) : 0;
    if (open && result >= 0) {
      end();
    }
    return result;
  }

  void closeDescriptor() {
    if (descriptor != null) {
      descriptor.close();
    }
  }

  synchronized void destroy() {
    if (!open) {
      return;
    }
    closeDescriptor();
    if (!home.file().isOpen()) {
      open = false;
      return;
    }
    try {
      home.destroy(id);
      end();
    } catch (KernelException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
      end();
      if (!(id instanceof VdeviceId)) {
        // Somebody else destroyed it by id: reported, and over. A vdevice goes with its device.
        throw e;
      }
    }
  }

  private void end() {
    open = false;
    home.gone(this);
  }
}
