// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

/** Something that a test opened and that is given back after it. */
public interface Handle extends AutoCloseable {

  /** Gives it back; once is enough. Fails the test when the kernel refuses. */
  @Override
  void close();
}
