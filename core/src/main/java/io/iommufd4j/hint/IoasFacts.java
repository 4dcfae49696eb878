// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.hint;

import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.uapi.IovaRanges;
import io.iommufd4j.wire.IommufdCalls;
import io.iommufd4j.wire.KernelFile;

/**
 * An IOAS that a hint asks about.
 *
 * @param iommufd the iommufd it should be in
 * @param id its id
 */
public record IoasFacts(IommufdFacts iommufd, IoasId id) {

  KernelFile file() {
    return iommufd.file();
  }

  Kernel kernel() {
    return iommufd.kernel();
  }

  /** The IOVAs that it can map now. */
  IovaRanges iovaRanges() {
    return IommufdCalls.iovaRanges(file(), id);
  }

  /** True if the iommufd has an IOAS of that id. */
  boolean exists() {
    return ObjectKind.of(iommufd, id.value()) == ObjectKind.IOAS;
  }

  @Override
  public String toString() {
    return id.toString();
  }
}
