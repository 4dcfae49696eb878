// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance;

import io.iommufd4j.sim.ForkedProcess;

/** A process of a simulated kernel: it lives in this very one, at the same addresses. */
record SimulatedProcess(ForkedProcess process) implements OtherProcess {

  @Override
  public long pid() {
    return process.pid();
  }

  @Override
  public int ioctl(OpenIommufd iommufd, RequestBlock block) {
    return process.run(() -> iommufd.ioctl(block));
  }

  @Override
  public long mapped(int file, long address, long bytes) {
    return address;
  }

  @Override
  public void close() {
    process.close();
  }
}
