// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential;

import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import java.util.Set;

/** The simulated kernels that programs run on. */
public final class Kernels {

  /** IOMMUs of QEMU's behind which Linux finds no isolation of interrupts. */
  private static final Set<String> UNISOLATED = Set.of("amd", "amd-remap", "virtio");

  /** The system property that names a machine file. */
  private static final String FILE = "iommufd4j.machine-file";

  private Kernels() {}

  /** One of the lab's machine, with the newest release. */
  public static SimKernel simulated(String iommu) {
    return simulated(iommu, SimKernel.RELEASE);
  }

  /** One of the lab's machine, with a release as {@code 6.12.117}. */
  public static SimKernel simulated(String iommu, String release) {
    return SimKernel.builder()
        .machine(machine(iommu, release))
        .memlockLimit(ProcessFacts.UNLIMITED)
        .allowUnsafeInterrupts(true)
        .build();
  }

  /** The lab's, or the one of a file that was captured in the lab. */
  private static Machine machine(String iommu, String release) {
    String file = System.getProperty(FILE);
    return file != null
        ? Machine.ofFile(file)
        : Machine.named("many:" + iommu).toBuilder()
            .release(release)
            .isolatedInterrupts(!UNISOLATED.contains(iommu))
            .build();
  }
}
