// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

/**
 * Receives the calls that a {@link TracingKernel} records. Called on the thread that made the call.
 */
@FunctionalInterface
public interface TraceSink {

  /**
   * Receives one call that has come back.
   *
   * @param event with its outputs and result
   */
  void accept(TraceEvent event);
}
