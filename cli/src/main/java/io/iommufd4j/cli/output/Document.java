// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.output;

import io.iommufd4j.cli.doctor.Finding;
import io.iommufd4j.cli.replace.ReplaceOutcome;
import io.iommufd4j.cli.replace.ReplacePlan;
import io.iommufd4j.cli.switching.SwitchOrder;
import io.iommufd4j.cli.switching.SwitchOutcome;
import io.iommufd4j.cli.vmm.Inspection;
import io.iommufd4j.cli.vmm.RunningOutcome;
import io.iommufd4j.cli.vmm.RunningPlan;
import io.iommufd4j.cli.vmm.RunningWatch;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.pci.Holder;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.IommuGroup;
import io.iommufd4j.pci.MediatedDevice;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.pci.VfioHolders;
import io.iommufd4j.sim.Machine;
import java.util.List;
import java.util.Optional;

/** The result of a verb. Each kind has its form in text and in JSON. */
public sealed interface Document {

  /** The kernel that produced it; empty only when none could be opened. */
  Optional<KernelIdentity> kernel();

  /** A document of a kernel. */
  sealed interface OfKernel extends Document {

    /** The kernel that produced it. */
    KernelIdentity source();

    @Override
    default Optional<KernelIdentity> kernel() {
      return Optional.of(source());
    }
  }

  /** A change that a verb is about to make, for somebody to agree to. */
  sealed interface Intent extends OfKernel {

    /** The things it puts at stake, one sentence each. */
    List<String> atStake();
  }

  /** A change that was made. */
  sealed interface Change extends OfKernel {

    /** True if it outlives the command; what was changed in a simulated kernel does not. */
    default boolean stays() {
      return !source().simulated();
    }
  }

  /** {@code doctor}. */
  record Diagnosis(KernelIdentity source, List<Finding> findings) implements OfKernel {}

  /** {@code device list}. */
  record Devices(KernelIdentity source, List<PciDevice> devices, List<MediatedDevice> mediated)
      implements OfKernel {}

  /**
   * {@code device show}.
   *
   * @param group its group, with the reserved IOVAs
   * @param siblings the other devices of it
   * @param virtualFunctions its virtual functions, where it is a physical one
   * @param holders the processes that hold it through VFIO
   */
  record Device(
      KernelIdentity source,
      PciDevice device,
      Optional<IommuGroup> group,
      List<PciDevice> siblings,
      List<PciDevice> virtualFunctions,
      List<Holder> holders)
      implements OfKernel {

    /** Looks at everything around a device. */
    public static Device of(Kernel kernel, PciDevice device) {
      var host = Host.of(kernel);
      return new Device(
          kernel.identity(),
          device,
          host.groupOf(device),
          host.siblings(device),
          host.virtualFunctions(device),
          VfioHolders.of(kernel).of(device));
    }
  }

  /**
   * {@code device bind} and {@code device unbind}, before anything is done.
   *
   * @param device the device as it was found
   * @param driver the driver that is to have it; empty where that is left to the host
   */
  record BindingPlan(
      KernelIdentity source, PciDevice device, Optional<String> driver, List<String> atStake)
      implements Intent {}

  /**
   * {@code device bind} and {@code device unbind}.
   *
   * @param before the device as it was found
   * @param after the device as it is now
   * @param blockers siblings that keep the group from VFIO as long as they have their driver
   */
  record Binding(KernelIdentity source, PciDevice before, PciDevice after, List<PciDevice> blockers)
      implements Change {}

  /**
   * {@code device clear-override}.
   *
   * @param before the device as it was found
   * @param after the device as it is now
   */
  record Overridden(KernelIdentity source, PciDevice before, PciDevice after) implements Change {}

  /** {@code group list}. */
  record Groups(KernelIdentity source, List<IommuGroup> groups) implements OfKernel {}

  /** {@code group show}. */
  record Group(KernelIdentity source, IommuGroup group, List<PciDevice> members)
      implements OfKernel {}

  /** {@code device-replace}, before anything is done, or with {@code --dry-run} at all. */
  record Plan(KernelIdentity source, ReplacePlan plan) implements Intent {

    @Override
    public List<String> atStake() {
      return plan.atStake();
    }
  }

  /**
   * {@code device-replace}, done.
   *
   * @param steps the steps that were taken, in order
   */
  record Replaced(
      KernelIdentity source, ReplacePlan plan, List<String> steps, ReplaceOutcome outcome)
      implements OfKernel {}

  /** {@code bench}, before anything is done. */
  record BenchPlan(KernelIdentity source, ReplacePlan plan, SwitchOrder order) implements Intent {

    @Override
    public List<String> atStake() {
      return plan.atStake();
    }
  }

  /** {@code bench}, done. */
  record Benched(KernelIdentity source, ReplacePlan plan, SwitchOrder order, SwitchOutcome outcome)
      implements OfKernel {}

  /** {@code inspect}. */
  record Inspected(KernelIdentity source, Inspection inspection) implements OfKernel {}

  /** {@code device-replace --pid}, before anything is done, or with {@code --dry-run} at all. */
  record RunningPlanned(KernelIdentity source, RunningPlan plan) implements Intent {

    @Override
    public List<String> atStake() {
      return plan.atStake();
    }
  }

  /**
   * {@code device-replace --pid}, done.
   *
   * @param steps the steps that were taken, in order
   */
  record RunningReplaced(
      KernelIdentity source, RunningPlan plan, List<String> steps, RunningOutcome outcome)
      implements OfKernel {}

  /**
   * {@code dirty}, done.
   *
   * @param steps the steps that were taken, in order
   * @param unwatchedBytes memory that the process has pinned and that was not watched; empty when
   *     it is not known
   */
  record Watched(
      KernelIdentity source,
      RunningPlan plan,
      List<String> steps,
      RunningWatch.Outcome outcome,
      Optional<Long> unwatchedBytes)
      implements OfKernel {}

  /**
   * {@code machine list}, which needs no kernel.
   *
   * @param machines the default first
   * @param iommus the names that can stand behind theirs
   */
  record Machines(List<Machine> machines, List<String> iommus) implements Document {

    @Override
    public Optional<KernelIdentity> kernel() {
      return Optional.empty();
    }
  }

  /**
   * {@code machine show}, which needs no kernel, and {@code machine capture}.
   *
   * @param name of the machine
   * @param yaml its file
   */
  record MachineYaml(Optional<KernelIdentity> kernel, String name, String yaml)
      implements Document {}

  /**
   * {@code machine check}.
   *
   * @param file its name
   * @param functions how many the machine has
   * @param groups how many groups they are in
   */
  record MachineChecked(KernelIdentity source, String file, int functions, int groups)
      implements OfKernel {}

  /**
   * A verb that failed.
   *
   * @param exitCode the exit code of the process
   * @param errno by name, when a kernel refused
   * @param message one line
   * @param plan the change that was not agreed to
   */
  record Failure(
      Optional<KernelIdentity> kernel,
      int exitCode,
      Optional<String> errno,
      String message,
      Optional<Intent> plan)
      implements Document {}
}
