// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.extension;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.Handle;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.differential.MachineUnderTest;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.Census;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import org.jspecify.annotations.Nullable;

/** The source of kernels for tests. */
sealed interface BackendUnderTest extends Handle {

  /**
   * A kernel for one test, with its devices bound to vfio-pci.
   *
   * @param limit how much memory the test may pin; null for as much as it likes
   */
  KernelUnderTest open(@Nullable MemlockLimit limit);

  /** True if the tests run on a simulated kernel. */
  static boolean simulated() {
    return name().equals(KernelIdentity.SIM);
  }

  /** The kind of IOMMU that simulated machines have. */
  static String simulatedIommu() {
    return System.getProperty("iommufd4j.iommu", "vtd");
  }

  /** The one that {@code -Diommufd4j.backend} names. */
  static BackendUnderTest chosen() {
    return switch (name()) {
      case KernelIdentity.NATIVE -> new Native();
      case KernelIdentity.SIM -> new Simulated();
      default -> throw new IllegalArgumentException("iommufd4j.backend=" + name());
    };
  }

  private static String name() {
    return System.getProperty("iommufd4j.backend", KernelIdentity.SIM);
  }

  /** The host's own, one for all tests: its devices are given back in the end. */
  final class Native implements BackendUnderTest {

    private final RequestRecord record = new RequestRecord();
    private final Kernel kernel = record.around(Backend.provider(KernelIdentity.NATIVE).open());
    private final MachineUnderTest machine = MachineUnderTest.of(Host.of(kernel));
    private final VfioBinding binding = VfioBinding.bind(kernel, machine.all());

    @Override
    public KernelUnderTest open(@Nullable MemlockLimit limit) {
      Handle limited = limit == null ? () -> {} : LimitedProcess.limit(limit.pages());
      return new KernelUnderTest(kernel, machine, limited);
    }

    @Override
    public void close() {
      binding.close();
      kernel.close();
      record.print();
    }
  }

  /** Simulated ones: each test has its own, and leaves nothing behind in it. */
  final class Simulated implements BackendUnderTest {

    private final RequestRecord record = new RequestRecord();
    private final Machine machine =
        Machine.named(System.getProperty("iommufd4j.machine", "many") + ":" + simulatedIommu())
            .toBuilder()
            .release(System.getProperty("iommufd4j.release", SimKernel.RELEASE))
            .build();

    @Override
    public KernelUnderTest open(@Nullable MemlockLimit limit) {
      var builder = SimKernel.builder().machine(machine);
      if (limit != null) {
        builder.memlockLimit(limit.pages() * UserPages.PAGE).memlockBinding(true);
      }
      var kernel = builder.build();
      var devices = MachineUnderTest.of(Host.of(kernel));
      var binding = VfioBinding.bind(kernel, devices.all());
      return new KernelUnderTest(
          record.around(kernel),
          devices,
          () -> {
            binding.close();
            assertEquals(Census.NOTHING, kernel.control().census(), "something is left");
            kernel.close();
          });
    }

    @Override
    public void close() {
      // Every kernel went with its test.
      record.print();
    }
  }
}
