// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.sriov;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EBADF;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOTTY;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.OpenEventFd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** MSI-X of virtual functions: {@code VFIO_DEVICE_SET_IRQS}. */
@Conformance
@OnSriovMachines
final class VectorTest {

  private static final int INTX = vfio_h.VFIO_PCI_INTX_IRQ_INDEX();
  private static final int MSI = vfio_h.VFIO_PCI_MSI_IRQ_INDEX();
  private static final int MSIX = vfio_h.VFIO_PCI_MSIX_IRQ_INDEX();
  private static final int TRIGGER = vfio_h.VFIO_IRQ_SET_ACTION_TRIGGER();
  private static final int MASK = vfio_h.VFIO_IRQ_SET_ACTION_MASK();
  private static final int HEADER = Request.VFIO_DEVICE_SET_IRQS.minimumBytes();
  private static final int FLAGS = 0x42;
  private static final int WORD = 2;

  /** Behind an SMMUv3 a message is translated like any other write. */
  private static OpenDevice attached(BoundDevice bound) {
    ok(bound.device().attach(bound.ioas()));
    return bound.device();
  }

  private static int setFds(OpenDevice device, int index, int start, int... fds) {
    RequestBlock block =
        device
            .block(Request.VFIO_DEVICE_SET_IRQS, (long) fds.length * Integer.BYTES)
            .size(HEADER + (long) fds.length * Integer.BYTES)
            .set("flags", vfio_h.VFIO_IRQ_SET_DATA_EVENTFD() | TRIGGER)
            .set("index", index)
            .set("start", start)
            .set("count", fds.length);
    for (int i = 0; i < fds.length; i++) {
      block.memory().set(ValueLayout.JAVA_INT, HEADER + 4L * i, fds[i]);
    }
    return device.ioctl(block);
  }

  private static int set(OpenDevice device, int action, int index, int start, int count) {
    return device.ioctl(
        device
            .block(Request.VFIO_DEVICE_SET_IRQS)
            .size(HEADER)
            .set("flags", vfio_h.VFIO_IRQ_SET_DATA_NONE() | action)
            .set("index", index)
            .set("start", start)
            .set("count", count));
  }

  @Test
  void vectorIsTriggeredForATry(KernelUnderTest test) {
    OpenDevice device = attached(Functions.open(test).first());
    OpenEventFd counter = test.eventFd();
    ok(setFds(device, MSIX, 0, counter.fd()));
    assertEquals(0x8000, device.config(FLAGS, WORD));
    ok(set(device, TRIGGER, MSIX, 0, 1));
    assertEquals(1, counter.await());
    ok(set(device, TRIGGER, MSIX, 0, 0));
    assertEquals(0, device.config(FLAGS, WORD));
    refused(EINVAL, set(device, TRIGGER, MSIX, 0, 1));
  }

  @Test
  void virtualFunctionHasOneVectorAndNothingElse(KernelUnderTest test) {
    OpenDevice device = attached(Functions.open(test).first());
    OpenEventFd counter = test.eventFd();
    refused(EINVAL, setFds(device, INTX, 0, counter.fd()));
    refused(EINVAL, setFds(device, MSI, 0, counter.fd()));
    refused(EINVAL, setFds(device, MSIX, 1, counter.fd()));
    refused(EINVAL, setFds(device, MSIX, 0, counter.fd(), counter.fd()));
    refused(ENOTTY, set(device, MASK, MSIX, 0, 1));
    refused(EBADF, setFds(device, MSIX, 0, 1000));
    assertEquals(0, device.config(FLAGS, WORD));
    ok(setFds(device, MSIX, 0, -1));
    assertEquals(0x8000, device.config(FLAGS, WORD));
  }

  @Test
  void vectorsAreAddedOneByOne(KernelUnderTest test) {
    OpenDevice device = attached(Functions.open(test).physical());
    OpenEventFd first = test.eventFd();
    OpenEventFd last = test.eventFd();
    ok(setFds(device, MSIX, 0, first.fd()));
    refused(EINVAL, setFds(device, INTX, 0, first.fd()));
    ok(setFds(device, MSIX, 6, last.fd()));
    refused(EINVAL, setFds(device, MSIX, 7, last.fd()));
    ok(set(device, TRIGGER, MSIX, 0, 7));
    assertEquals(1, first.await());
    assertEquals(1, last.await());
    ok(setFds(device, MSIX, 6, -1));
    ok(set(device, TRIGGER, MSIX, 0, 7));
    assertEquals(1, first.await());
    assertEquals(0, last.count());
  }
}
