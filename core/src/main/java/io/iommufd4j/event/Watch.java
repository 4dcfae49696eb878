// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.event;

import io.iommufd4j.bindings.libc.libc_h;

/** One handle of {@link Events}, and what the last wait reported of it. */
public final class Watch {

  private final Events events;
  private final Pollable source;
  private int reported;

  Watch(Events events, Pollable source) {
    this.events = events;
    this.source = source;
  }

  /** {@return the handle that is waited for} */
  public Pollable source() {
    return source;
  }

  /** {@return true if there is something to read ({@code POLLIN})} */
  public boolean readable() {
    return (reported & libc_h.POLLIN()) != 0;
  }

  /**
   * {@return true if the file is in error, or its other end is gone ({@code POLLERR}, {@code
   * POLLHUP})} An eventfd is when its counter has overflowed, a queue of an iommufd when its vIOMMU
   * or its HWPT is gone.
   */
  public boolean failed() {
    return (reported & (libc_h.POLLERR() | libc_h.POLLHUP())) != 0;
  }

  /** {@return true if the descriptor was not open ({@code POLLNVAL})} */
  public boolean notOpen() {
    return (reported & libc_h.POLLNVAL()) != 0;
  }

  /** Waits for this handle no more. Doing so twice is harmless. */
  public void stop() {
    events.remove(this);
    reported = 0;
  }

  void reported(int revents) {
    reported = revents;
  }
}
