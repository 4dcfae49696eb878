// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.device.DeviceDescription;
import io.iommufd4j.sim.file.MachineFile;
import io.iommufd4j.sim.file.MachineText;
import io.iommufd4j.sim.lib.KernelRelease;
import io.iommufd4j.sim.machine.IommuNames;
import io.iommufd4j.sim.machine.MachineBuilder;
import io.iommufd4j.sim.machine.MachineDescription;
import io.iommufd4j.sim.machine.MachinePresets;
import io.iommufd4j.sim.pci.FunctionKind;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
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
   * {@return a preset by name, with an IOMMU of its own or another; or the machine that a file
   * describes}
   *
   * @param name {@code MACHINE[:IOMMU]}: one of {@link #names}, and one of {@link #iommus}; or the
   *     path of a machine file, which has a slash in it or ends in {@code .yaml} or {@code .yml}
   * @throws IllegalArgumentException for an unknown name, where the message lists the known ones;
   *     for a file that cannot be read, or that says what no machine is, as {@link #read}
   */
  public static Machine named(String name) {
    return isFile(name) ? ofFile(name) : new Machine(MachinePresets.named(name).build());
  }

  private static boolean isFile(String name) {
    return name.contains("/") || name.endsWith(".yaml") || name.endsWith(".yml");
  }

  /**
   * {@return the machine that a file describes}
   *
   * @param path of the file, whatever its name
   * @throws IllegalArgumentException as {@link #read}; and for a file that cannot be read
   */
  public static Machine ofFile(String path) {
    try {
      return read(path, Files.readString(Path.of(path)));
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(path + ":1: machine: is no text in UTF-8", e);
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(path + ": there is no such machine file", e);
    } catch (IOException e) {
      throw new IllegalArgumentException(path + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * {@return the machine that a text in YAML describes} {@code docs/machine-files.md} tells what
   * may stand in it.
   *
   * @param file its name, for messages
   * @param text the whole file
   * @throws IllegalArgumentException for the first mistake, with the line, the key, what is wrong
   *     and what would be right: {@code host.yaml:7: functions[0].at: '8' is no PCI address; it
   *     wants one as 0000:00:08.0}
   */
  public static Machine read(String file, String text) {
    return new Machine(MachineFile.read(file, text));
  }

  /**
   * {@return its description as the text of a file, in YAML, which {@link #read} takes} It says the
   * same machine, by the registers of its IOMMUs where the name was enough.
   *
   * @throws IllegalStateException when it has a device of one's own, which no file can say
   */
  public String yaml() {
    return MachineText.of(description, List.of());
  }

  /** {@return the names of the presets, the default first} */
  public static List<String> names() {
    return MachinePresets.names();
  }

  /**
   * {@return the names that {@link #named} knows IOMMUs by: each model's own, and each replace
   * behavior's; {@code none} and {@code noiommu} for a machine that has none, which VFIO refuses or
   * takes in its no-IOMMU mode}
   */
  public static List<String> iommus() {
    return IommuNames.all();
  }

  /**
   * {@return the names of the kinds of PCI functions that a machine can be built of, as {@code
   * edu}}
   */
  public static List<String> functionKinds() {
    return FunctionKind.named().map(FunctionKind::label).toList();
  }

  /** {@return the releases of Linux that can run on a machine, the oldest first} */
  public static List<String> releases() {
    return KernelRelease.names();
  }

  /**
   * {@return the builder of a machine without functions, and with an SMMUv3}
   *
   * @param name its name in results
   */
  public static Builder builder(String name) {
    return new Builder(new MachineBuilder(name));
  }

  /** {@return the builder of a machine like this one, to be changed} */
  public Builder toBuilder() {
    return new Builder(new MachineBuilder(description));
  }

  /** {@return its name in results, as {@code bridge:amd}} */
  public String name() {
    return description.name();
  }

  /**
   * {@return true when a stray write of a device cannot raise another's interrupt; where it can,
   * {@code VFIO_DEVICE_BIND_IOMMUFD} answers EPERM}
   */
  public boolean isolatedInterrupts() {
    return description.settings().isolatedInterrupts();
  }

  /** {@return what it is, in a sentence; empty where nobody said it} */
  public String about() {
    return description.about();
  }

  /** {@return the release of Linux that runs on it, as {@code 7.3.4}} */
  public String release() {
    return description.release().text();
  }

  /** {@return the addresses of its edu functions, in the order the kernel finds them} */
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

    /**
     * Sets the release of Linux that runs on it; the newest by default.
     *
     * @param name one of {@link #releases}, or in full as {@code 6.12.117}
     * @return this
     * @throws IllegalArgumentException for an unknown one
     */
    public Builder release(String name) {
      machine.release(KernelRelease.named(name));
      return this;
    }

    /**
     * Sets the IOMMU.
     *
     * @param name one of {@link #iommus}
     * @return this
     * @throws IllegalArgumentException for an unknown name
     */
    public Builder iommu(String name) {
      IommuNames.choose(machine, name);
      return this;
    }

    /**
     * Sets whether a stray write of a device cannot raise another's interrupt; true by default.
     *
     * @param isolated false for {@code EPERM} from {@code VFIO_DEVICE_BIND_IOMMUFD}
     * @return this
     */
    public Builder isolatedInterrupts(boolean isolated) {
      machine.isolatedInterrupts(isolated);
      return this;
    }

    /**
     * Sets whether the IOMMU tracks which pages DMA wrote; false by default, and always for
     * virtio-iommu.
     *
     * @param tracking true to offer {@code IOMMU_HWPT_ALLOC_DIRTY_TRACKING}
     * @return this
     */
    public Builder dirtyTracking(boolean tracking) {
      machine.dirtyTracking(tracking);
      return this;
    }

    /**
     * Sets the number of PASIDs of each edu function; 0 by default.
     *
     * @param count 0 for no PASID capability
     * @return this
     */
    public Builder pasids(int count) {
      machine.pasids(count);
      return this;
    }

    /**
     * The rest of the edu functions' PASID capability; nothing unless said.
     *
     * @param execute requests may ask for what is to be executed
     * @param privileged requests may be privileged
     * @return this
     */
    public Builder pasidFeatures(boolean execute, boolean privileged) {
      machine.pasidFeatures(execute, privileged);
      return this;
    }

    /**
     * Adds a function in a group of its own.
     *
     * @param address not taken yet
     * @param kind one of {@link #functionKinds}
     * @return this
     */
    public Builder function(String address, String kind) {
      machine.function(address, FunctionKind.named(kind));
      return this;
    }

    /**
     * Adds a function in the group of the one before.
     *
     * @param address not taken yet
     * @param kind one of {@link #functionKinds}
     * @return this
     */
    public Builder sibling(String address, String kind) {
      machine.sibling(address, FunctionKind.named(kind));
      return this;
    }

    /**
     * Adds an NVMe controller with a drive of 32 MiB, in a group of its own.
     *
     * @param address not taken yet
     * @param virtualFunctions the most it can have, from 0 to 7; 0 without SR-IOV
     * @return this
     */
    public Builder nvme(String address, int virtualFunctions) {
      machine.nvme(address, virtualFunctions);
      return this;
    }

    /**
     * Adds a network card in a group of its own, which can have virtual functions.
     *
     * @param address not taken yet
     * @return this
     */
    public Builder igb(String address) {
      machine.igb(address);
      return this;
    }

    /**
     * Adds a device of one's own, in a group of its own.
     *
     * @param address not taken yet
     * @param device its PCI function, and what makes the device
     * @return this
     * @throws IllegalArgumentException when its BARs of 32 bits have more than a MiB in all
     */
    public Builder device(String address, DeviceDescription device) {
      machine.device(address, device);
      return this;
    }

    /**
     * Adds a bridge in a group of its own, and the bus behind it.
     *
     * @param address not taken yet
     * @param kind one of {@link #functionKinds}
     * @param secondaryBus from 1 to 255
     * @return this
     */
    public Builder bridge(String address, String kind, int secondaryBus) {
      machine.bridge(address, FunctionKind.named(kind), secondaryBus);
      return this;
    }

    /**
     * Adds a bridge in the group of the function before, and the bus behind it.
     *
     * @param address not taken yet
     * @param kind one of {@link #functionKinds}
     * @param secondaryBus from 1 to 255
     * @return this
     */
    public Builder siblingBridge(String address, String kind, int secondaryBus) {
      machine.siblingBridge(address, FunctionKind.named(kind), secondaryBus);
      return this;
    }

    /**
     * Adds a Volume Management Device in a group of its own, and the root bus of the PCI domain
     * behind it. The IOMMU takes the functions of that domain for the VMD: they are its siblings.
     *
     * @param address not taken yet
     * @param domain 0x10000 and above, as Linux numbers such domains
     * @param rootBus number of the first bus in that domain
     * @return this
     */
    public Builder vmd(String address, int domain, int rootBus) {
      machine.vmd(address, domain, rootBus);
      return this;
    }

    /**
     * Lets the firmware map memory one to one for the function before (an RMRR of VT-d; other
     * IOMMUs do not know it): Linux then keeps the function from VFIO.
     *
     * @param start first address, a multiple of a page
     * @param last inclusive last address
     * @return this
     */
    public Builder direct(long start, long last) {
      machine.direct(start, last);
      return this;
    }

    /**
     * Puts the function before behind the second IOMMU.
     *
     * @param apertureBits the bits of IOVA that this one translates, from 32 to 48
     * @return this
     */
    public Builder behindSecondIommu(int apertureBits) {
      machine.behindSecondIommu(apertureBits);
      return this;
    }

    /**
     * {@return the machine}
     *
     * @throws IllegalArgumentException when two functions have one address, or a bus has no bridge
     */
    public Machine build() {
      return new Machine(machine.build());
    }
  }
}
