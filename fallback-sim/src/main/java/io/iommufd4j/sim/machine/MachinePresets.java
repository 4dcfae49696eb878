// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import static io.iommufd4j.sim.machine.PresetFunction.alone;
import static io.iommufd4j.sim.machine.PresetFunction.sibling;
import static io.iommufd4j.sim.pci.FunctionKind.EDU;
import static io.iommufd4j.sim.pci.FunctionKind.HOST_BRIDGE;
import static io.iommufd4j.sim.pci.FunctionKind.IGB;
import static io.iommufd4j.sim.pci.FunctionKind.ISA_BRIDGE;
import static io.iommufd4j.sim.pci.FunctionKind.NIC;
import static io.iommufd4j.sim.pci.FunctionKind.NVME;
import static io.iommufd4j.sim.pci.FunctionKind.NVME_DISK;
import static io.iommufd4j.sim.pci.FunctionKind.PCI_BRIDGE;
import static io.iommufd4j.sim.pci.FunctionKind.ROOT_PORT;
import static io.iommufd4j.sim.pci.FunctionKind.SATA;
import static io.iommufd4j.sim.pci.FunctionKind.SMBUS;
import static io.iommufd4j.sim.pci.FunctionKind.SWITCH;
import static io.iommufd4j.sim.pci.FunctionKind.VIRTIO_NET;
import static io.iommufd4j.sim.pci.FunctionKind.VMD;

import io.iommufd4j.sim.driver.IommuPreset;
import java.util.List;

/** The machines that are known by name, as data. */
public final class MachinePresets {

  private static final List<PresetFunction> CHIPSET =
      List.of(
          alone("0000:00:1f.0", ISA_BRIDGE),
          sibling("0000:00:1f.2", SATA),
          sibling("0000:00:1f.3", SMBUS));

  /** The first functions of all the lab's machines. */
  private static final List<PresetFunction> ONE_EDU =
      List.of(alone("0000:00:00.0", HOST_BRIDGE), alone("0000:00:08.0", EDU));

  /**
   * The further functions of the lab's {@code many}; the first is in the group of the one before.
   */
  private static final List<PresetFunction> THREE_MORE =
      List.of(sibling("0000:00:08.1", EDU), alone("0000:00:09.0", EDU), alone("0000:00:0a.0", EDU));

  /** A switch's own bus has an edu function on it that shares its group with nobody. */
  private static final MachinePreset DESK =
      MachinePreset.of(
          "desk",
          "An edu function behind a switch, alone in its group, and a chipset.",
          IommuPreset.SMMUV3,
          List.of(
              alone("0000:00:00.0", HOST_BRIDGE),
              alone("0000:00:02.0", ROOT_PORT).to(1),
              alone("0000:00:19.0", NIC)),
          CHIPSET,
          List.of(alone("0000:01:00.0", SWITCH).to(2), alone("0000:02:01.0", EDU)));

  /** Behind the bridge all functions look the same to the IOMMU: one group with the bridge. */
  private static final MachinePreset BRIDGE =
      MachinePreset.of(
          "bridge",
          "Two edu functions behind a conventional bridge: one group of three.",
          IommuPreset.SMMUV3,
          List.of(alone("0000:00:00.0", HOST_BRIDGE), alone("0000:00:02.0", ROOT_PORT).to(1)),
          CHIPSET,
          List.of(
              alone("0000:01:00.0", PCI_BRIDGE).to(2),
              sibling("0000:02:01.0", EDU),
              sibling("0000:02:02.0", EDU)));

  private static final MachinePreset SINGLE =
      MachinePreset.of(
          "single",
          "One edu function and a chipset: the lab's single.",
          IommuPreset.VTD,
          ONE_EDU,
          CHIPSET);

  private static final MachinePreset TWO_FUNCTION =
      MachinePreset.of(
          "two-function",
          "Two edu functions that share a slot and a group: the lab's two-function.",
          IommuPreset.VTD,
          ONE_EDU,
          List.of(sibling("0000:00:08.1", EDU)),
          CHIPSET);

  private static final MachinePreset MANY =
      MachinePreset.of(
          "many",
          "Five edu functions in four groups, one of them with a network card.",
          IommuPreset.VTD,
          ONE_EDU,
          THREE_MORE,
          List.of(alone("0000:00:0b.0", EDU), sibling("0000:00:0b.1", NIC)),
          CHIPSET);

  /** A function with SR-IOV; the rest is the lab's "many" again. */
  private static final MachinePreset SRIOV =
      MachinePreset.of(
          "sriov",
          "The lab's sriov: an NVMe controller that can have two virtual functions.",
          IommuPreset.VTD,
          ONE_EDU,
          THREE_MORE,
          List.of(alone("0000:00:0b.0", ROOT_PORT).to(1)),
          CHIPSET,
          List.of(alone("0000:01:00.0", NVME).virtualFunctions(2)));

  /** A drive that a program can drive. */
  private static final MachinePreset DRIVE =
      MachinePreset.of(
          "nvme",
          "The lab's nvme: an NVMe controller with a drive of 32 MiB.",
          IommuPreset.VTD,
          List.of(alone("0000:00:00.0", HOST_BRIDGE), alone("0000:00:08.0", NVME)),
          CHIPSET);

  /** A network card that a program can drive; the rest is the lab's "many" again. */
  private static final MachinePreset CARD =
      MachinePreset.of(
          "igb",
          "The lab's igb: an Intel network card with SR-IOV.",
          IommuPreset.VTD,
          ONE_EDU,
          THREE_MORE,
          List.of(alone("0000:00:0b.0", ROOT_PORT).to(1)),
          CHIPSET,
          List.of(alone("0000:01:00.0", IGB)));

  /** A server, as the lab's "host", and a VMD with a disk behind it. */
  private static final MachinePreset HOST =
      MachinePreset.of(
          "host",
          "A server: an RMRR, disks, network cards, SR-IOV, a VMD.",
          IommuPreset.VTD,
          ONE_EDU,
          List.of(
              sibling("0000:00:08.1", EDU),
              alone("0000:00:09.0", EDU).direct(0x7000_0000L, 0x7000_ffffL),
              alone("0000:00:0a.0", EDU),
              alone("0000:00:0b.0", ROOT_PORT).to(1),
              alone("0000:00:0c.0", ROOT_PORT).to(2),
              alone("0000:00:0d.0", NVME_DISK),
              alone("0000:00:0e.0", NIC),
              alone("0000:00:0f.0", PCI_BRIDGE).to(3),
              sibling("0000:03:01.0", EDU),
              sibling("0000:03:02.0", EDU),
              alone("0000:00:10.0", VMD).to(0x10000, 0xe0),
              sibling("10000:e0:06.0", ROOT_PORT).to(0xe1),
              sibling("10000:e1:00.0", NVME_DISK)),
          CHIPSET,
          List.of(alone("0000:01:00.0", IGB), alone("0000:02:00.0", VIRTIO_NET)));

  /** The second IOMMU reaches less far: its devices do not fit the first one's page tables. */
  private static final MachinePreset TWO_IOMMUS =
      MachinePreset.of(
          "two-iommus",
          "Two IOMMUs, of which the second translates 39 bits of IOVA.",
          IommuPreset.VTD,
          ONE_EDU,
          List.of(alone("0000:00:09.0", EDU).behindSecondIommu(39)),
          CHIPSET);

  /** The default first. */
  private static final List<MachinePreset> ALL =
      List.of(DESK, BRIDGE, SINGLE, TWO_FUNCTION, MANY, SRIOV, DRIVE, CARD, HOST, TWO_IOMMUS);

  private MachinePresets() {}

  /** The names of all, the default first. */
  public static List<String> names() {
    return ALL.stream().map(MachinePreset::name).toList();
  }

  /**
   * The machine of a name, to be changed, with the IOMMU of another name or its own.
   *
   * @param name {@code MACHINE[:IOMMU]}: one of {@link #names}, and one of {@link IommuNames#all}
   * @throws IllegalArgumentException for an unknown name; the message lists the known ones
   */
  public static MachineBuilder named(String name) {
    String[] parts = name.split(":", 2);
    MachineBuilder machine =
        ALL.stream()
            .filter(preset -> preset.name().equals(parts[0]))
            .findFirst()
            .map(MachinePreset::toBuilder)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "no machine '" + parts[0] + "': there are " + String.join(", ", names())));
    if (parts.length > 1) {
      IommuNames.choose(machine, parts[1]);
    }
    return machine;
  }
}
