// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.uapi.ObjectId;

/** The life of an object that a handle owns: made once, destroyed once. */
final class OwnedObject {

  private final IommufdRef iommufd;
  private final ObjectId id;
  private final Runnable whenGone;
  private volatile boolean open = true;

  OwnedObject(IommufdRef iommufd, ObjectId id, Runnable whenGone) {
    this.iommufd = iommufd;
    this.id = id;
    this.whenGone = whenGone;
  }

  void requireOpen() {
    if (!open) {
      throw new IllegalStateException(id + " is closed");
    }
  }

  synchronized void destroy() {
    if (!open) {
      return;
    }
    if (!iommufd.file().isOpen()) {
      open = false;
      return;
    }
    try {
      iommufd.destroy(id);
      end();
    } catch (KernelException e) {
      if (e.errno() == Errno.ENOENT) {
        // Somebody else destroyed it by id: reported, and over.
        end();
      }
      throw e;
    }
  }

  private void end() {
    open = false;
    whenGone.run();
  }
}
