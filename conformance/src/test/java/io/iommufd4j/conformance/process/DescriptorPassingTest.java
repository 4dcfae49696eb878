// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.process;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.IommufdRef;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.process.DescriptorSocket;
import io.iommufd4j.process.ForeignProcess;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.vfio.VfioDeviceRef;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Descriptors that one process has of another's files, taken or handed over. */
@Conformance
final class DescriptorPassingTest {

  private static KernelException refusedTaking(ForeignProcess process, int fd) {
    return assertThrows(KernelException.class, () -> process.descriptor(fd));
  }

  @Test
  void takenDescriptorsAreOfTheSameFiles(KernelUnderTest test) {
    Vmm vmm = Vmm.withHwpt(test, test.machine().lone().getFirst());
    try (var process = ForeignProcess.open(test.kernel(), vmm.pid())) {
      int iommufd = process.descriptor(vmm.iommufd);
      test.closeAfter(iommufd);
      int device = process.descriptor(vmm.device);
      test.closeAfter(device);
      var ref = IommufdRef.of(test.kernel(), iommufd);
      assertEquals(false, ref.rlimitPerProcess());
      int made = vmm.newHwpt();
      var borrowed = VfioDeviceRef.of(test.kernel(), device);
      borrowed.assumeBound(ref, new DeviceId(vmm.deviceId));
      borrowed.assumeAttached(new HwptId(made - 1));
      assertEquals(new HwptId(made), borrowed.replace(new HwptId(made)));
      same(Errno.EBUSY.negated(), vmm.destroy(made));
      ok(vmm.destroy(made - 1));
      assertEquals(Errno.EBADF, refusedTaking(process, 4000).errno());
      assertEquals(vmm.pid(), process.pid());
      assertFalse(process.ended(Duration.ZERO));
      vmm.exit();
      assertTrue(process.ended(Duration.ofMinutes(1)));
      assertEquals(Errno.ESRCH, refusedTaking(process, vmm.iommufd).errno());
    }
  }

  @Test
  void processesThatAreNone(KernelUnderTest test) {
    refused(Errno.ESRCH, test.kernel().pidfd(4_000_000));
    refused(Errno.EINVAL, test.kernel().pidfd(0));
    String nobody = "/nobody/listens/here";
    var refused =
        assertThrows(KernelException.class, () -> DescriptorSocket.connect(test.kernel(), nobody));
    assertEquals(Errno.ENOENT, refused.errno());
    int event = ok(test.kernel().eventfd(0, 0));
    test.closeAfter(event);
    refused(Errno.EBADF, test.kernel().pidfdGetfd(event, 0));
  }

  @Test
  void handedOverThroughASocket(KernelUnderTest test) {
    Kernel kernel = test.kernel();
    OpenIommufd sent = test.iommufd();
    int ioas = ok(sent.ioasAlloc());
    var pair = new int[2];
    ok(kernel.socketPair(pair));
    var here = DescriptorSocket.ofFd(kernel, pair[0]);
    try (var there = DescriptorSocket.ofFd(kernel, pair[1])) {
      int event = ok(kernel.eventfd(0, 0));
      here.send(sent.fd(), event);
      ok(kernel.close(event));
      int[] received = there.receive();
      assertEquals(2, received.length);
      test.closeAfter(received[1]);
      test.closeAfter(received[0]);
      ok(new OpenIommufd(kernel, test.arena(), received[0]).destroy(ioas));
      refused(Errno.ENOENT, sent.destroy(ioas));
      var room = new int[1];
      there.send(sent.fd(), received[1]);
      same(1, kernel.receiveDescriptors(here.fd(), room));
      ok(kernel.close(room[0]));
      assertEquals(Errno.EBADF, assertThrows(KernelException.class, () -> here.send(4000)).errno());
      here.close();
      assertArrayEquals(new int[0], there.receive());
    }
    refused(Errno.ENOTSOCK, kernel.sendDescriptors(sent.fd(), new int[] {sent.fd()}));
    refused(Errno.ENOENT, kernel.connect("/nobody/listens/here"));
  }
}
