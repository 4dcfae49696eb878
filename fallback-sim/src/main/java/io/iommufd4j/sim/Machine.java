package io.iommufd4j.sim;

import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.machine.IommuNames;
import io.iommufd4j.sim.machine.MachineBuilder;
import io.iommufd4j.sim.machine.MachineDescription;
import io.iommufd4j.sim.machine.MachinePresets;
import io.iommufd4j.sim.pci.FunctionKind;
import java.util.Arrays;
import java.util.List;

/**
 * A machine for a simulated kernel: PCI functions, their IOMMU groups, and the IOMMU. A description
 * only; each {@link SimKernel} makes a machine of its own from it.
 */
public final class Machine {

  /** The machine that one gets without asking for another. */
  public static final String DEFAULT = "desk";

  private final MachineDescription description;

  private Machine(MachineDescription description) {
    this.description = description;
  }

  /**
   * A preset by name, with an IOMMU of its own or another.
   *
   * @param name {@code MACHINE[:IOMMU]}: one of {@link #names}, and one of {@link #iommus}
   * @throws IllegalArgumentException for an unknown name; the message lists the known ones
   */
  public static Machine named(String name) {
    return new Machine(MachinePresets.named(name).build());
  }

  /** The names of the presets, the default first. */
  public static List<String> names() {
    return MachinePresets.names();
  }

  /**
   * The names that {@link #named} knows IOMMUs by: each model's own, and each replace behavior's;
   * {@code none} and {@code noiommu} for a machine that has none, which VFIO refuses or takes in
   * its no-IOMMU mode.
   */
  public static List<String> iommus() {
    return IommuNames.all();
  }

  /** The names of the kinds of PCI functions that a machine can be built of, as {@code edu}. */
  public static List<String> functionKinds() {
    return Arrays.stream(FunctionKind.values()).map(FunctionKind::label).toList();
  }

  /** A machine without functions, and with an SMMUv3. */
  public static Builder builder(String name) {
    return new Builder(new MachineBuilder(name));
  }

  /** A machine like this one, to be changed. */
  public Builder toBuilder() {
    return new Builder(new MachineBuilder(description));
  }

  /** Its name in results, as {@code bridge:amd}. */
  public String name() {
    return description.name();
  }

  /**
   * True when a stray write of a device cannot raise another's interrupt; where it can, {@code
   * VFIO_DEVICE_BIND_IOMMUFD} answers EPERM.
   */
  public boolean isolatedInterrupts() {
    return description.isolatedInterrupts();
  }

  /** Addresses of its edu functions, in the order the kernel finds them. */
  public List<PciAddress> edus() {
    return description.edus();
  }

  MachineDescription description() {
    return description;
  }

  @Override
  public String toString() {
    return name();
  }

  /**
   * Puts a machine together. Addresses are PCI addresses, in full form or without the domain; kinds
   * are named as {@link #functionKinds} lists them, and an unknown one is an {@link
   * IllegalArgumentException}.
   */
  public static final class Builder {

    private final MachineBuilder machine;

    private Builder(MachineBuilder machine) {
      this.machine = machine;
    }

    /** The IOMMU it has, by a name of {@link #iommus}. */
    public Builder iommu(String name) {
      IommuNames.choose(machine, name);
      return this;
    }

    /** True, as unless said, when a stray write cannot raise another device's interrupt. */
    public Builder isolatedInterrupts(boolean isolated) {
      machine.isolatedInterrupts(isolated);
      return this;
    }

    /** True when the IOMMU notes which pages DMA wrote; false unless said, and for virtio-iommu. */
    public Builder dirtyTracking(boolean tracking) {
      machine.dirtyTracking(tracking);
      return this;
    }

    /** Sets the number of PASIDs of each edu function; 0 by default. */
    public Builder pasids(int count) {
      machine.pasids(count);
      return this;
    }

    /**
     * The rest of the edu functions' PASID capability; nothing unless said.
     *
     * @param execute requests may ask for what is to be executed
     * @param privileged requests may be privileged
     */
    public Builder pasidFeatures(boolean execute, boolean privileged) {
      machine.pasidFeatures(execute, privileged);
      return this;
    }

    /** A function in a group of its own. */
    public Builder function(String address, String kind) {
      machine.function(address, FunctionKind.named(kind));
      return this;
    }

    /** A function in the group of the one before. */
    public Builder sibling(String address, String kind) {
      machine.sibling(address, FunctionKind.named(kind));
      return this;
    }

    /** An NVMe controller in a group of its own, with 1 to 7 virtual functions at most. */
    public Builder nvme(String address, int virtualFunctions) {
      machine.nvme(address, virtualFunctions);
      return this;
    }

    /** A network card in a group of its own, which can have virtual functions. */
    public Builder igb(String address) {
      machine.igb(address);
      return this;
    }

    /** A bridge in a group of its own, and the bus behind it: 1 to 255. */
    public Builder bridge(String address, String kind, int secondaryBus) {
      machine.bridge(address, FunctionKind.named(kind), secondaryBus);
      return this;
    }

    /** A bridge in the group of the function before, and the bus behind it. */
    public Builder siblingBridge(String address, String kind, int secondaryBus) {
      machine.siblingBridge(address, FunctionKind.named(kind), secondaryBus);
      return this;
    }

    /**
     * A Volume Management Device in a group of its own, and the root bus of the PCI domain behind
     * it. The IOMMU takes the functions of that domain for the VMD: they are its siblings.
     *
     * @param domain 0x10000 and above, as Linux numbers such domains
     */
    public Builder vmd(String address, int domain, int rootBus) {
      machine.vmd(address, domain, rootBus);
      return this;
    }

    /**
     * The firmware wants memory mapped one to one for the function before (an RMRR of VT-d; other
     * IOMMUs do not know it): Linux then keeps the function from VFIO.
     *
     * @param start first address, a multiple of a page
     * @param last inclusive last address
     */
    public Builder direct(long start, long last) {
      machine.direct(start, last);
      return this;
    }

    /** The function before sits behind the second IOMMU, which translates 32 to 48 bits of IOVA. */
    public Builder behindSecondIommu(int apertureBits) {
      machine.behindSecondIommu(apertureBits);
      return this;
    }

    /**
     * The machine.
     *
     * @throws IllegalArgumentException when two functions have one address, or a bus has no bridge
     */
    public Machine build() {
      return new Machine(machine.build());
    }
  }
}
