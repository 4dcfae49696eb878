// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio.pci;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.fs.DeferredWork;
import io.iommufd4j.sim.fs.EventFd;
import io.iommufd4j.sim.lib.Refused;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A place for an eventfd that has something done when it is signalled ({@code struct virqfd}). The
 * place is empty again when the eventfd is closed.
 */
final class Virqfd {

  private final UserSpace user;
  private final DeferredWork deferred;
  private final BooleanSupplier handler;
  private final Runnable rest;
  private @Nullable Registration registered;

  /**
   * An empty place.
   *
   * @param deferred where the rest is done
   * @param handler done at once; answers whether there is more to do
   * @param rest that more, done later, when no lock is held
   */
  Virqfd(UserSpace user, DeferredWork deferred, BooleanSupplier handler, Runnable rest) {
    this.user = user;
    this.deferred = deferred;
    this.handler = handler;
    this.rest = rest;
  }

  private final class Registration implements EventFd.Consumer {
    final EventFd event;

    Registration(EventFd event) {
      this.event = event;
    }

    @Override
    public void signalled() {
      if (handler.getAsBoolean()) {
        deferred.queue(rest);
      }
    }

    @Override
    public void closed() {
      forget(this);
    }
  }

  /**
   * {@code vfio_virqfd_enable}: what was counted before counts as a signal, and stays there.
   *
   * @throws Refused EBADF for a closed descriptor, EINVAL for another kind of file, EBUSY when the
   *     place is taken
   */
  void enable(int fd) {
    var registration = new Registration(user.eventFd(fd));
    synchronized (this) {
      if (registered != null) {
        throw Refused.with(Errno.EBUSY);
      }
      registered = registration;
    }
    if (registration.event.consumeBy(registration)) {
      registration.signalled();
    }
  }

  /** {@code vfio_virqfd_disable}; nothing happens to an empty place. */
  void disable() {
    Registration old;
    synchronized (this) {
      old = registered;
      registered = null;
    }
    if (old != null) {
      old.event.leave(old);
    }
  }

  private synchronized void forget(Registration closed) {
    if (registered == closed) {
      registered = null;
    }
  }
}
