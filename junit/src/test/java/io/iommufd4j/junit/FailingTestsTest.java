// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Iommufd;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimControl;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.vfio.VfioDevice;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/** Reports of tests that end badly, and of many tests at a time. */
class FailingTestsTest {

  private static EngineExecutionResults run(String name) {
    Method method =
        Stream.of(Cases.class.getDeclaredMethods())
            .filter(m -> m.getName().equals(name))
            .findFirst()
            .orElseThrow();
    return EngineTestKit.engine("junit-jupiter")
        .selectors(selectMethod(Cases.class, method))
        .execute();
  }

  private static String failure(EngineExecutionResults results) {
    assertEquals(1, results.testEvents().failed().count());
    return results.testEvents().failed().stream()
        .map(event -> event.getRequiredPayload(TestExecutionResult.class))
        .map(result -> String.valueOf(result.getThrowable().orElseThrow().getMessage()))
        .findFirst()
        .orElseThrow();
  }

  private static String calls(EngineExecutionResults results) {
    return results.allEvents().reportingEntryPublished().stream()
        .map(Event::getPayload)
        .map(String::valueOf)
        .findFirst()
        .orElse("");
  }

  @Test
  void aDescriptorLeftOpenFailsTheTestAndIsNamed() {
    String message = failure(run("leavesAnIommufdOpen"));
    assertTrue(message.contains("1 open file {3=/dev/iommu}"), message);
    assertTrue(message.contains("1 iommufd context, 1 object"), message);
  }

  @Test
  void pinnedPagesAreCounted() {
    String message = failure(run("leavesMemoryPinned"));
    assertTrue(message.contains("2 pinned pages"), message);
  }

  @Test
  void aFailedTestShowsItsRequests() {
    var results = run("failsAfterAMap");
    assertEquals("as it is meant to", failure(results));
    String calls = calls(results);
    assertTrue(calls.contains("open(path=/dev/iommu"), calls);
    assertTrue(calls.contains("IOMMU_IOAS_ALLOC("), calls);
  }

  @Test
  void aFaultShowsInTheTraceAsItsErrno() {
    String calls = calls(run("failsByAFault"));
    assertTrue(calls.contains("= -1 ENOSPC"), calls);
  }

  @Test
  void aTestThatPassesShowsNothing() {
    var results = run("passes");
    assertEquals(1, results.testEvents().succeeded().count());
    assertEquals("", calls(results));
  }

  @Test
  void anAbortedTestIsNoFailure() {
    var results = run("isAborted");
    assertEquals(1, results.testEvents().aborted().count());
    assertEquals("", calls(results));
  }

  @Test
  void aFaultThatWasNeverMetFailsTheTest() {
    String message = failure(run("makesTooFewRequests"));
    assertEquals("IOMMU_IOAS_ALLOC number 3 was to answer ENOMEM, but only 1 were made", message);
  }

  @Test
  void anUnknownMachineIsNamed() {
    String message = failure(run("runsNowhere"));
    assertTrue(message.contains("nowhere"), message);
  }

  @Test
  void aDeviceThatTheMachineLacksIsNamed() {
    String message = failure(run("wantsTooManyDevices"));
    assertTrue(message.contains("has 1 edu devices, not 2"), message);
  }

  @Test
  void testsRunInParallel() {
    Parallel.KERNELS.clear();
    var results =
        EngineTestKit.engine("junit-jupiter")
            .selectors(selectClass(Parallel.class))
            .configurationParameter("junit.jupiter.execution.parallel.enabled", "true")
            .configurationParameter("junit.jupiter.execution.parallel.config.strategy", "fixed")
            .configurationParameter(
                "junit.jupiter.execution.parallel.config.fixed.parallelism", "4")
            .execute();
    assertEquals(Parallel.RUNS, results.testEvents().succeeded().count());
    assertEquals(Parallel.RUNS, Parallel.KERNELS.size());
  }

  /** Run by the tests above, not by the build. */
  @SimulatedMachine("single:vtd")
  static class Cases {

    @Test
    void leavesAnIommufdOpen(Kernel kernel) {
      Iommufd.open(kernel).newIoas();
    }

    @Test
    void leavesMemoryPinned(Kernel kernel, PciAddress address) {
      var iommufd = Iommufd.open(kernel);
      var binding = VfioBinding.bind(kernel, List.of(address));
      var device = VfioDevice.open(kernel, address);
      device.bind(iommufd);
      var ioas = iommufd.newIoas();
      ioas.map(DmaBuffer.allocate(kernel, 8192).segment(), Access.READ_WRITE);
      device.attach(ioas);
      assertEquals(1, binding.before().size());
    }

    @Test
    void failsAfterAMap(Iommufd iommufd) {
      iommufd.newIoas();
      fail("as it is meant to");
    }

    @RequestFault(request = Request.IOMMU_IOAS_ALLOC, errno = Errno.ENOSPC)
    @Test
    void failsByAFault(Iommufd iommufd) {
      iommufd.newIoas();
    }

    @Test
    void passes(Iommufd iommufd) {
      iommufd.newIoas();
    }

    @Test
    void isAborted(Kernel kernel) {
      Iommufd.open(kernel);
      assumeTrue(kernel.identity().release().isEmpty(), "never");
    }

    @RequestFault(request = Request.IOMMU_IOAS_ALLOC, nth = 3, errno = Errno.ENOMEM)
    @Test
    void makesTooFewRequests(Iommufd iommufd) {
      iommufd.newIoas();
    }

    @SimulatedMachine("nowhere")
    @Test
    void runsNowhere(Machine machine) {
      fail("there is a machine " + machine);
    }

    @Test
    void wantsTooManyDevices(PciAddress first, PciAddress second) {
      fail("there is a second device: " + second + " after " + first);
    }
  }

  /** Each run opens, maps and closes, and sees nothing of the others. */
  @Execution(ExecutionMode.CONCURRENT)
  @SimulatedMachine("single:amd")
  static class Parallel {

    static final int RUNS = 40;
    static final Set<Kernel> KERNELS = ConcurrentHashMap.newKeySet();

    @RequestFault(request = Request.IOMMU_IOAS_ALLOC, nth = 2, errno = Errno.ENOMEM)
    @RepeatedTest(RUNS)
    void sees(Kernel kernel, SimControl control) {
      KERNELS.add(kernel);
      assertEquals(0, control.openFiles());
      try (var iommufd = Iommufd.open(kernel)) {
        var ioas = iommufd.newIoas();
        assertThrows(KernelException.class, iommufd::newIoas);
        assertEquals(2, control.census().objects() + control.openFiles());
        ioas.close();
      }
    }
  }
}
