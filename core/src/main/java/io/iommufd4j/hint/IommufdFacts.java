// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.hint;

import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.wire.KernelFile;

/**
 * An iommufd that a hint asks about.
 *
 * @param file its descriptor
 * @param known how objects were made in it through one handle
 */
public record IommufdFacts(KernelFile file, KnownObjects known) {

  /** {@return the kernel that answers} */
  public Kernel kernel() {
    return file.kernel();
  }

  /**
   * {@return an IOAS of it, there or not}
   *
   * @param id may name no object
   */
  public IoasFacts ioas(IoasId id) {
    return new IoasFacts(this, id);
  }
}
