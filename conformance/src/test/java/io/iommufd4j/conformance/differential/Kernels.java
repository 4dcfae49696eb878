package io.iommufd4j.conformance.differential;

import io.iommufd4j.conformance.MachineUnderTest;
import io.iommufd4j.host.Host;
import io.iommufd4j.host.VfioBinding;
import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;

/** The simulated kernels that programs run on, their devices bound to vfio-pci. */
final class Kernels {

  private Kernels() {}

  /** One of the lab's machine. */
  @SuppressWarnings("resource") // What was bound stays so while the kernel is used.
  static SimKernel simulated(String iommu) {
    SimKernel kernel =
        SimKernel.builder()
            .machine(Machine.named("many:" + iommu))
            .memlockLimit(ProcessFacts.UNLIMITED)
            .allowUnsafeInterrupts(true)
            .build();
    VfioBinding.bind(kernel, MachineUnderTest.of(Host.of(kernel)).all());
    return kernel;
  }
}
