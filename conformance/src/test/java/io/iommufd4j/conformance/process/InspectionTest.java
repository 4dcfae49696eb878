// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.process;

import static io.iommufd4j.conformance.Answers.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.IommufdRef;
import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.Needs;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.process.ForeignProcess;
import io.iommufd4j.process.IommufdContent;
import io.iommufd4j.process.IommufdProbe;
import io.iommufd4j.process.OpenDescriptor;
import io.iommufd4j.process.OpenDescriptor.Kind;
import io.iommufd4j.process.VfioProcess;
import io.iommufd4j.uapi.HwptId;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/**
 * The facts that can be found out about another process' iommufd; finding them out changes nothing.
 */
@Conformance
final class InspectionTest {

  private static IommufdContent content(KernelUnderTest test, long pid, int fd) {
    try (var process = ForeignProcess.open(test.kernel(), pid)) {
      int taken = process.descriptor(fd);
      try {
        return IommufdProbe.look(IommufdRef.of(test.kernel(), taken));
      } finally {
        ok(test.kernel().close(taken));
      }
    }
  }

  private static IommufdContent own(KernelUnderTest test, BoundDevice bound) {
    return IommufdProbe.look(IommufdRef.of(test.kernel(), bound.iommufd().fd()));
  }

  @Test
  void looksIntoAnotherProcessAndChangesNothing(KernelUnderTest test) {
    PciAddress address = test.machine().lone().getFirst();
    Vmm vmm = Vmm.withHwpt(test, address);
    VfioProcess found = VfioProcess.of(test.kernel(), vmm.pid());
    assertEquals(OptionalLong.of(Vmm.BYTES), found.pinnedBytes());
    assertEquals("process " + vmm.pid() + " (java)", found.describe());
    List<OpenDescriptor> iommufds = found.descriptors(Kind.IOMMUFD);
    assertEquals(
        List.of(new OpenDescriptor(vmm.iommufd, Kind.IOMMUFD, "/dev/iommu", Optional.empty())),
        iommufds);
    OpenDescriptor device = found.descriptors(Kind.DEVICE).getFirst();
    assertEquals(vmm.device, device.fd());
    assertFalse(device.byGroup());
    assertEquals(Optional.of(address.toString()), device.device());
    assertTrue(VfioProcess.all(test.kernel()).processes().contains(found));
    String before = vmm.view();
    IommufdContent content = content(test, vmm.pid(), vmm.iommufd);
    assertEquals(
        List.of(vmm.deviceId), content.devices().stream().map(it -> it.id().value()).toList());
    assertEquals(List.of(vmm.ioas), content.ioases().stream().map(it -> it.id().value()).toList());
    assertEquals(3, content.size());
    assertEquals(content, content(test, vmm.pid(), vmm.iommufd));
    assertEquals(before, vmm.view());
  }

  @Test
  void objectsByTheirKind(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    int hwpt = ok(bound.iommufd().hwptAlloc(bound.id(), ioas));
    int spare = bound.ioas();
    IommufdContent content = own(test, bound);
    assertEquals(
        List.of(ioas, spare), content.ioases().stream().map(it -> it.id().value()).toList());
    assertEquals(
        List.of(bound.id()), content.devices().stream().map(it -> it.id().value()).toList());
    assertEquals(List.of(new IommufdContent.Hwpt(new HwptId(hwpt), false)), content.hwpts());
    assertEquals(4, content.size());
    var iommufd = IommufdRef.of(test.kernel(), bound.iommufd().fd());
    assertTrue(IommufdProbe.exists(iommufd, new HwptId(hwpt)));
    assertFalse(IommufdProbe.exists(iommufd, new HwptId(ioas)));
  }

  /** The IOAS of a device that is attached lacks what the device's group reserves. */
  @Test
  void reservedIovasTellTheIoasInUse(KernelUnderTest test) {
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    ok(bound.device().attach(bound.ioas()));
    bound.ioas();
    long reserved = test.machine().reservedIova();
    assertEquals(
        List.of(false, true),
        own(test, bound).ioases().stream()
            .map(ioas -> ioas.ranges().ranges().stream().anyMatch(it -> it.contains(reserved)))
            .toList());
  }

  /** Kinds that no request tells apart are found, and counted once. */
  @Test
  void queuesAreFound(KernelUnderTest test) {
    Needs.INVALIDATE_OF_OTHER_KINDS.of(test);
    BoundDevice bound = test.bound(test.machine().lone().getFirst());
    int ioas = bound.ioas();
    int hwpt = ok(bound.iommufd().hwptAlloc(bound.id(), ioas));
    var block = bound.iommufd().block(Request.IOMMU_FAULT_QUEUE_ALLOC);
    ok(bound.iommufd().ioctl(block));
    test.closeAfter((int) block.get("out_fault_fd"));
    int queue = (int) block.get("out_fault_id");
    IommufdContent content = IommufdProbe.look(IommufdRef.of(test.kernel(), bound.iommufd().fd()));
    assertEquals(List.of(queue), content.others());
    assertEquals(List.of(hwpt), content.hwpts().stream().map(it -> it.id().value()).toList());
    assertEquals(List.of(), content.nested());
    assertEquals(List.of(), content.viommus());
  }

  @Test
  void rlimitMode(KernelUnderTest test) {
    var iommufd = test.iommufd();
    var ref = IommufdRef.of(test.kernel(), iommufd.fd());
    assertEquals(false, IommufdProbe.look(ref).rlimitPerProcess());
    ok(iommufd.setOption(iommufd_h.IOMMU_OPTION_RLIMIT_MODE(), 0, 1));
    assertEquals(true, IommufdProbe.look(ref).rlimitPerProcess());
  }
}
