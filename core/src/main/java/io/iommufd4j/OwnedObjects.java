// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j;

import io.iommufd4j.error.OrderedClose;
import io.iommufd4j.hint.DestroyHint;
import io.iommufd4j.hint.IommufdFacts;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.ObjectId;
import io.iommufd4j.wire.IommufdCalls;
import io.iommufd4j.wire.KernelFile;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;

/**
 * The objects of one iommufd that handles own. An iommufd that is itself owned takes them down when
 * it closes; for a borrowed one that is left to their handles.
 */
final class OwnedObjects {

  private final IommufdFacts facts;
  private final boolean closed;
  private final SequencedSet<OwnedObject> objects = new LinkedHashSet<>();
  private final SequencedSet<DriverMapping> mappings = new LinkedHashSet<>();

  /**
   * None yet.
   *
   * @param closed true if {@link #close} will be called
   */
  OwnedObjects(IommufdFacts facts, boolean closed) {
    this.facts = facts;
    this.closed = closed;
  }

  KernelFile file() {
    return facts.file();
  }

  IommufdFacts facts() {
    return facts;
  }

  /** An object that was just made, or taken over, and is nothing but its id. */
  OwnedObject own(ObjectId id) {
    return add(new OwnedObject(this, id, null));
  }

  /** An object that lives in a descriptor as well. */
  OwnedObject own(ObjectId id, KernelFile descriptor) {
    return add(new OwnedObject(this, id, descriptor));
  }

  private synchronized OwnedObject add(OwnedObject object) {
    facts.known().owned(object.id());
    if (closed) {
      objects.add(object);
    }
    return object;
  }

  synchronized void gone(OwnedObject object) {
    objects.remove(object);
  }

  synchronized void mapped(DriverMapping mapping) {
    if (closed) {
      mappings.add(mapping);
    }
  }

  synchronized void unmapped(DriverMapping mapping) {
    mappings.remove(mapping);
  }

  /** Leaves all to whoever has the descriptor now. */
  synchronized void forget() {
    objects.clear();
    mappings.clear();
  }

  /** {@code IOMMU_DESTROY}: 0, or −errno. */
  int tryDestroy(ObjectId id) {
    int result = IommufdCalls.destroy(file(), id.value());
    if (result >= 0) {
      facts.known().gone(id.value());
    }
    return result;
  }

  /** {@code IOMMU_DESTROY}. */
  void destroy(ObjectId id) {
    int result = tryDestroy(id);
    if (result < 0) {
      throw file().refused(Request.IOMMU_DESTROY, result, id, new DestroyHint(facts, id));
    }
  }

  /**
   * Takes everything down, what was made last first: an object needs only those made before it. One
   * that was taken over may be needed by an older one; it is tried again once others have gone.
   */
  void close(OrderedClose steps) {
    newestFirst(mappings).forEach(mapping -> steps.step(mapping::close));
    List<OwnedObject> left = newestFirst(objects);
    left.forEach(object -> steps.step(object::closeDescriptor));
    int before;
    do {
      before = left.size();
      left.removeIf(object -> object.tryDestroy() != Errno.EBUSY.negated());
    } while (!left.isEmpty() && left.size() < before);
    newestFirst(objects).forEach(object -> steps.step(object::destroy));
  }

  private synchronized <T> List<T> newestFirst(SequencedSet<T> handles) {
    // A copy: each close takes its handle out of the set.
    return new ArrayList<>(handles.reversed());
  }
}
