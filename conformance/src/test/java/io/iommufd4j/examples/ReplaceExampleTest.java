package io.iommufd4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Hwpt;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.vfio.AttachOutcome;
import io.iommufd4j.vfio.VfioDevice;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The examples of the README for a library author and a CI author. */
final class ReplaceExampleTest {

  private static final String DEVICE = "0000:00:08.0";
  private static final long IOVA = 0x100_0000;

  /** The library author's: it runs on any kernel. */
  private static AttachOutcome replaceAndReturn(Kernel kernel, String address) {
    try (var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, PciAddress.parse(address));
        var a = DmaBuffer.allocate(kernel, 1 << 20);
        var b = DmaBuffer.allocate(kernel, 1 << 20)) {
      device.bind(iommufd);
      Ioas now = iommufd.newIoas();
      Ioas next = iommufd.newIoas();
      now.map(a.segment(), IOVA, Access.READ_WRITE);
      next.map(b.segment(), IOVA, Access.READ_WRITE);
      Hwpt translatesNow = iommufd.newHwpt(device, now);
      Hwpt translatesNext = iommufd.newHwpt(device, next);

      device.attach(translatesNow);
      device.replace(translatesNext); // DMA meets a's pages or b's, never anything else
      return device.tryReplace(translatesNow); // the way back; a refusal one may expect is a value
    }
  }

  @Test
  void aLibraryReplacesUnderALiveDevice() {
    try (var kernel = SimKernel.on(Machine.named("single:vtd"));
        var binding = VfioBinding.bind(kernel, List.of(PciAddress.parse(DEVICE)))) {
      assertEquals(DEVICE, binding.before().getFirst().address().toString());
      assertInstanceOf(AttachOutcome.Attached.class, replaceAndReturn(kernel, DEVICE));
    }
  }

  /**
   * The CI author's: a reserved IOVA is refused on a machine without an IOMMU, as Linux refuses.
   */
  @Test
  void reservedIovaIsRefusedAndNothingChanges() {
    try (var kernel = SimKernel.on(Machine.named("two-function:vtd"));
        var binding = VfioBinding.bind(kernel, List.of(PciAddress.parse(DEVICE)));
        var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, PciAddress.parse(DEVICE));
        var buffer = DmaBuffer.allocate(kernel, 4096)) {
      assertEquals(DEVICE, binding.before().getFirst().address().toString());
      device.bind(iommufd);
      var attached = device.attach(iommufd.newIoas());
      Ioas onInterrupts = iommufd.newIoas();
      onInterrupts.map(buffer.segment(), 0xfee0_0000L, Access.READ_WRITE);

      var refused = assertThrows(KernelException.class, () -> device.replace(onInterrupts));

      assertEquals(Errno.EADDRINUSE, refused.errno());
      assertEquals(attached, device.attached().orElseThrow());
    }
  }
}
