// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.sriov;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.sriov.PhysicalFunction.TOKEN;
import static io.iommufd4j.kernel.Errno.EACCES;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.OpenEventFd;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.Host;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

/** Removal of functions that are open: the side that waits, and for whom. */
@Conformance
@OnSriovMachines
final class VirtualFunctionLifetimeTest {

  private static final int REQUEST = vfio_h.VFIO_PCI_REQ_IRQ_INDEX();

  /** A physical function, open, with a virtual one that is open too. */
  private static final class Pair {
    final PhysicalFunction function;
    final BoundDevice physical;
    final BoundDevice virtual;

    Pair(KernelUnderTest test) {
      function = PhysicalFunction.with(2, test);
      OpenIommufd iommufd = test.iommufd();
      physical = Functions.bind(test, iommufd, function.address());
      virtual = Functions.bind(test, iommufd, function.virtual(0));
    }
  }

  private static CompletableFuture<Long> start(LongSupplier call) {
    var answer = new CompletableFuture<Long>();
    Thread.ofPlatform().start(() -> answer.complete(call.getAsLong()));
    return answer;
  }

  /** An eventfd that counts how often the user is asked to close a device. */
  private static OpenEventFd requests(KernelUnderTest test, OpenDevice device) {
    OpenEventFd counter = test.eventFd();
    RequestBlock block =
        device
            .block(Request.VFIO_DEVICE_SET_IRQS, Integer.BYTES)
            .set("flags", vfio_h.VFIO_IRQ_SET_DATA_EVENTFD() | vfio_h.VFIO_IRQ_SET_ACTION_TRIGGER())
            .set("index", REQUEST)
            .set("count", 1);
    block
        .memory()
        .set(ValueLayout.JAVA_INT, Request.VFIO_DEVICE_SET_IRQS.minimumBytes(), counter.fd());
    ok(device.ioctl(block));
    return counter;
  }

  @Test
  void removalWaitsForWhoeverHasOneOpen(KernelUnderTest test) {
    var pair = new Pair(test);
    OpenEventFd asked = requests(test, pair.virtual.device());
    CompletableFuture<Long> removal = start(() -> pair.function.count(0));
    assertTrue(asked.await() > 0);
    assertFalse(removal.isDone());
    int hwpt = pair.virtual.hwpt(pair.virtual.ioas());
    ok(pair.virtual.device().attach(hwpt));
    assertFalse(removal.isDone(), "it works on until it is closed");
    pair.virtual.device().close();
    assertEquals(0, removal.join());
    assertEquals("0", pair.function.get("sriov_numvfs"));
    ok(pair.physical.iommufd().destroy(hwpt));
  }

  @Test
  void removalLetsNobodyIn(KernelUnderTest test) {
    var pair = new Pair(test);
    String node = Host.of(test.kernel()).device(pair.function.virtual(0)).cdevPath().orElseThrow();
    OpenEventFd asked = requests(test, pair.virtual.device());
    CompletableFuture<Long> removal = start(() -> pair.function.count(0));
    assertTrue(asked.await() > 0);
    refused(ENOENT, test.kernel().open(node, libc_h.O_RDWR()));
    pair.virtual.device().close();
    assertEquals(0, removal.join());
  }

  @Test
  void physicalFunctionWaitsForThemFirst(KernelUnderTest test) {
    var pair = new Pair(test);
    OpenEventFd virtual = requests(test, pair.virtual.device());
    OpenEventFd physical = requests(test, pair.physical.device());
    CompletableFuture<Long> removal = start(pair.function::unbind);
    assertTrue(virtual.await() > 0);
    assertEquals(0, physical.count());
    pair.virtual.device().close();
    assertTrue(physical.await() > 0);
    assertFalse(removal.isDone());
    pair.physical.device().close();
    assertEquals(0, removal.join());
  }

  @Test
  void physicalFunctionIsClosedWhileOneIsOpen(KernelUnderTest test) {
    var pair = new Pair(test);
    int ioas = pair.virtual.ioas();
    ok(pair.virtual.device().attach(ioas));
    pair.physical.device().close();
    ok(pair.virtual.device().detach());
    ok(pair.virtual.device().attach(ioas));
    refused(EACCES, test.device(pair.function.address()).bind(test.iommufd()));
    assertEquals("2", pair.function.get("sriov_numvfs"));
  }

  @Test
  void countIsChangedWhileThePhysicalFunctionIsOpen(KernelUnderTest test) {
    var pair = new Pair(test);
    ok(pair.physical.device().attach(pair.physical.ioas()));
    pair.virtual.device().close();
    ok(pair.function.count(0));
    ok(pair.physical.device().detach());
    ok(pair.function.count(1));
    OpenDevice again = test.device(pair.function.virtual(0));
    ok(again.bind(pair.physical.iommufd(), TOKEN));
  }

  @Test
  void idsAreOfOneTable(KernelUnderTest test) {
    var pair = new Pair(test);
    assertEquals(pair.physical.id() + 1, pair.virtual.id());
    OpenDevice other = test.device(pair.function.virtual(1));
    assertEquals(pair.virtual.id() + 1, Answers.ok(other.bind(pair.virtual.iommufd(), TOKEN)));
  }
}
