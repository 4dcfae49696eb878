// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.safety;

import java.io.IOException;
import java.io.UncheckedIOException;

/** Another process that holds a VFIO device: {@code lab/holder.c}. */
final class DeviceHolder implements AutoCloseable {

  static final String VARIABLE = "IOMMUFD4J_HOLDER";

  private final Process process;

  private DeviceHolder(Process process) {
    this.process = process;
  }

  /** Starts one that holds the device in the way that is named there. */
  static DeviceHolder of(String address, String way) {
    var builder = new ProcessBuilder(System.getenv(VARIABLE), way, address);
    try {
      Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
      String said = process.inputReader().readLine();
      if (said == null) {
        throw new AssertionError("no holder: " + way + " of " + address);
      }
      return new DeviceHolder(process);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As when the program is killed. */
  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
