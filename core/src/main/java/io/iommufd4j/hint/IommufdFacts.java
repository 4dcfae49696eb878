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

  /** The kernel that answers. */
  public Kernel kernel() {
    return file.kernel();
  }

  /** An IOAS of it, there or not. */
  public IoasFacts ioas(IoasId id) {
    return new IoasFacts(this, id);
  }
}
