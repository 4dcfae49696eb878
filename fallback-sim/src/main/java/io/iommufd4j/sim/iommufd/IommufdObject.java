// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import io.iommufd4j.sim.lib.Refused;

/**
 * Something that user space names by a number ({@code struct iommufd_object}). Counts are guarded
 * by the {@link ObjectTable} that the object stands in.
 */
public abstract class IommufdObject {

  /** Its number; given by {@link ObjectTable#reserve}. */
  int id;

  /**
   * The number of users: the table, other objects, and requests that run. It can be destroyed when
   * only one is left.
   */
  int users = 1;

  /** Requests that run with it, and one for the table. */
  int waits = 1;

  /** Its number, once it was reserved. */
  public final int id() {
    return id;
  }

  /** {@code pre_destroy}: makes whoever holds it for long let go. */
  protected void preDestroy() {}

  /** {@code destroy}: it is out of the table and nobody can reach it any more. */
  protected abstract void destroy();

  /**
   * {@code abort}: destroys it before it was published, under the locks its maker holds. Never
   * throws {@link Refused}.
   */
  protected void abort() {
    destroy();
  }
}
