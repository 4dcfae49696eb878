// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.mm;

/** A file that has pages up to its end and none behind it, however much of it is mapped. */
public interface EndingFile {

  /** Bytes up to its end. */
  long size();
}
