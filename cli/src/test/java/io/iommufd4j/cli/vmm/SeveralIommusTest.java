// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Hwpt;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.cli.replace.Interruption;
import io.iommufd4j.cli.replace.NotPossibleException;
import io.iommufd4j.cli.replace.ProgressListener;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.process.IommufdContent;
import io.iommufd4j.process.IommufdProbe;
import io.iommufd4j.sim.HostProcess;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.vfio.VfioDevice;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A VMM with several devices in one iommufd, on a machine with two IOMMUs: the device that was
 * named moves, and the others stay where they are.
 */
final class SeveralIommusTest {

  /** The second IOMMU translates 39 bits: a HWPT made for the first is refused behind it. */
  private static final String MACHINE =
      """
      machine: ports:vtd
      interrupts: isolated
      iommus:
        - {name: dmar0, model: vtd, cap: 0xd2008c222f0686, ecap: 0xf00f4a, version: 0x10}
        - {name: dmar1, model: vtd, cap: 0xd2008c22260686, ecap: 0xf00f4a, version: 0x10}
      functions:
        - {at: 0000:00:00.0, kind: host-bridge}
        - {at: 0000:00:08.0, kind: edu}
        - {at: 0000:00:09.0, kind: edu, iommu: dmar1}
        - {at: 0000:00:0a.0, kind: edu}
        - {at: 0000:00:0b.0, kind: root-port, bus: 0x1}
        - {at: 0000:00:0c.0, kind: root-port, bus: 0x2, iommu: dmar1}
        - {at: 0000:01:00.0, kind: edu}
        - {at: 0000:02:00.0, kind: edu, iommu: dmar1}
      """;

  private static final PciAddress FIRST = PciAddress.parse("0000:00:08.0");
  private static final PciAddress SECOND_IOMMU = PciAddress.parse("0000:00:09.0");
  private static final PciAddress LAST = PciAddress.parse("0000:00:0a.0");
  private static final PciAddress BEHIND_PORT = PciAddress.parse("0000:01:00.0");
  private static final PciAddress BEHIND_SECOND_PORT = PciAddress.parse("0000:02:00.0");
  private static final long IOVA = 0x10_0000;
  private static final RunningOrder ONCE = new RunningOrder(Set.of(), false, Duration.ZERO, 1);

  private final SimKernel kernel = SimKernel.on(Machine.read("ports.yaml", MACHINE));
  private final HostProcess process = kernel.control().start("qemu-system-x86_64");
  private final Iommufd iommufd = Iommufd.open(process);
  private final Ioas ioas = iommufd.newIoas();
  private final List<VfioBinding> bindings = new ArrayList<>();
  private final DmaBuffer memory = DmaBuffer.allocate(process, 1 << 16);

  /** Opens a device and binds it. */
  private VfioDevice bound(PciAddress address) {
    bindings.add(VfioBinding.bind(kernel, List.of(address)));
    var device = VfioDevice.open(process, address);
    device.bind(iommufd);
    return device;
  }

  private Hwpt shared(VfioDevice maker, VfioDevice... devices) {
    ioas.map(memory.segment(), IOVA, Access.READ_WRITE);
    Hwpt hwpt = iommufd.newHwpt(maker, ioas);
    for (VfioDevice device : devices) {
      device.attach(hwpt);
    }
    return hwpt;
  }

  private void reaches(VfioDevice device, String when) {
    memory.segment().set(ValueLayout.JAVA_LONG, 0, -1L);
    EduDma.write(device, IOVA, Long.BYTES);
    assertEquals(0, memory.segment().get(ValueLayout.JAVA_LONG, 0), when);
  }

  /**
   * Replaces under a device and back; while the new HWPT translates, {@code others} are on the old
   * one.
   */
  private RunningOutcome replace(PciAddress address, HwptId old, VfioDevice... others) {
    ProgressListener listener =
        text -> {
          if (text.startsWith("replaced")) {
            var used = assertThrows(KernelException.class, () -> iommufd.destroy(old));
            assertEquals(Errno.EBUSY, used.errno());
            for (VfioDevice other : others) {
              reaches(other, "meanwhile");
            }
          }
        };
    var host = Host.of(kernel);
    try (var borrowed = BorrowedDevice.of(kernel, host.device(address), process.pid())) {
      RunningPlan plan = RunningPlan.of(host, host.device(address), borrowed, ONCE);
      return new RunningReplacement(borrowed, plan, new Interruption(), listener).run();
    }
  }

  @AfterEach
  void nothingIsLeft() {
    process.close();
    assertEquals(0, kernel.control().census().contexts());
    bindings.forEach(VfioBinding::close);
    kernel.close();
  }

  /** The list of what a hot reset affects tells the id, whichever device was bound first. */
  @Test
  void deviceBehindTheOtherIommuKeepsTheHwpt() {
    var wide = bound(BEHIND_PORT);
    var narrow = bound(BEHIND_SECOND_PORT);
    // For the narrow one, and so that the wide one's IOMMU takes it too.
    Hwpt hwpt = shared(narrow, narrow, wide);
    IommufdContent before = IommufdProbe.look(iommufd);
    for (var address : List.of(BEHIND_SECOND_PORT, BEHIND_PORT)) {
      VfioDevice other = address.equals(BEHIND_PORT) ? narrow : wide;
      RunningOutcome outcome = replace(address, hwpt.id(), other);
      assertTrue(outcome.verified(), outcome.toString());
      assertEquals(before, IommufdProbe.look(iommufd));
      reaches(wide, "afterwards");
      reaches(narrow, "afterwards");
    }
    // Both are on the old one: what it leaves stays in use until both have left.
    narrow.detach();
    assertThrows(KernelException.class, () -> iommufd.destroy(hwpt.id()));
    wide.detach();
    iommufd.destroy(hwpt.id());
  }

  /** Devices of a root bus behind one IOMMU: any id of them makes a HWPT that fits. */
  @Test
  void otherIommusOfTheHostDoNotMatter() {
    var first = bound(FIRST);
    var last = bound(LAST);
    // The host has devices with cdevs behind the other IOMMU, too.
    bindings.add(VfioBinding.bind(kernel, List.of(SECOND_IOMMU)));
    Hwpt hwpt = shared(first, first, last);
    IommufdContent before = IommufdProbe.look(iommufd);
    assertTrue(replace(LAST, hwpt.id(), first).verified());
    assertTrue(replace(FIRST, hwpt.id(), last).verified());
    assertEquals(before, IommufdProbe.look(iommufd));
    reaches(first, "afterwards");
    reaches(last, "afterwards");
  }

  private void refused(PciAddress address, String why) {
    IommufdContent before = IommufdProbe.look(iommufd);
    String reason =
        assertThrows(
                NotPossibleException.class, () -> replace(address, before.hwpts().getFirst().id()))
            .getMessage();
    assertTrue(String.valueOf(reason).contains(why), reason);
    assertEquals(before, IommufdProbe.look(iommufd));
  }

  @Test
  void idThatLinuxDoesNotTellIsRefused() {
    var wide = bound(FIRST);
    var narrow = bound(SECOND_IOMMU);
    shared(narrow, narrow, wide);
    refused(FIRST, "does not tell which id 0000:00:08.0 has");
    reaches(wide, "afterwards");
    reaches(narrow, "afterwards");
  }

  @Test
  void severalHwptsAreRefused() {
    var wide = bound(BEHIND_PORT);
    var narrow = bound(BEHIND_SECOND_PORT);
    shared(wide, wide);
    narrow.attach(iommufd.newHwpt(narrow, ioas));
    refused(BEHIND_PORT, "2 HWPTs may be the one");
    reaches(wide, "afterwards");
    reaches(narrow, "afterwards");
  }

  /** The others' translation is none of the named device's: they may have any. */
  @Test
  void devicesOfOtherIommufdsDoNotMatter() {
    var wide = bound(BEHIND_PORT);
    Hwpt hwpt = shared(wide, wide);
    try (var other = kernel.control().start("other");
        var _ = VfioBinding.bind(kernel, List.of(BEHIND_SECOND_PORT));
        var second = Iommufd.open(other);
        var narrow = VfioDevice.open(other, BEHIND_SECOND_PORT)) {
      narrow.bind(second);
      narrow.attach(second.newIoas());
      IommufdContent before = IommufdProbe.look(second);
      ProcessView view = Inspection.of(kernel, process.pid()).processes().getFirst();
      assertEquals(1, view.devices().size());
      assertTrue(view.devices().getFirst().attachment().hwpt().isPresent());
      var host = Host.of(kernel);
      try (var borrowed = BorrowedDevice.of(kernel, host.device(BEHIND_PORT), process.pid())) {
        RunningPlan plan = RunningPlan.of(host, host.device(BEHIND_PORT), borrowed, ONCE);
        assertEquals(hwpt.id(), plan.from());
        var replacement = new RunningReplacement(borrowed, plan, new Interruption(), text -> {});
        assertTrue(replacement.run().verified());
      }
      assertEquals(before, IommufdProbe.look(second));
    }
  }
}
