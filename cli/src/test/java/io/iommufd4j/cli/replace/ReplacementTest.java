// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** However a replace ends, the machine is left as it was found. */
final class ReplacementTest {

  private static final PciAddress EDU = PciAddress.parse("00:0b.0");

  /** Calls that no kernel refuses; one that fails leaves its object open or mapped. */
  private static final Set<String> NEVER_REFUSED = Set.of("close", "munmap");

  private final SimKernel kernel = SimKernel.on(Machine.named("many"));
  private final Interruption interruption = new Interruption();

  @AfterEach
  void end() {
    kernel.close();
  }

  @ParameterizedTest
  @EnumSource(ReplaceTarget.class)
  void aRunLeavesNothingBehind(ReplaceTarget target) {
    String before = state();
    assertTrue(replace(kernel, order(target), new Listener(0)).verified());
    assertEquals(before, state());
  }

  @ParameterizedTest
  @EnumSource(ReplaceTarget.class)
  void aRunThatIsStoppedAnywhereLeavesNothingBehind(ReplaceTarget target) {
    var steps = new Listener(0);
    replace(kernel, order(target), steps);
    String before = state();
    for (int step = 1; step <= steps.seen.size(); step++) {
      var stopped = new Interruption();
      var listener = new Listener(step, stopped::stop);
      var replacement = replacement(kernel, plan(kernel, order(target)), stopped, listener);
      assertThrows(StoppedException.class, replacement::run);
      assertEquals(before, state(), "stopped after: " + listener.seen.getLast());
    }
  }

  @ParameterizedTest
  @EnumSource(ReplaceTarget.class)
  void aRunThatFailsAnywhereLeavesNothingBehind(ReplaceTarget target) {
    for (int call = 1; ; call++) {
      try (var fresh = SimKernel.on(Machine.named("many"))) {
        String before = state(fresh);
        ReplacePlan plan = plan(fresh, order(target));
        var fault = new Fault(fresh, call);
        var replacement = replacement(fault.kernel(), plan, interruption, new Listener(0));
        boolean failed = fails(replacement);
        if (fault.struck().isEmpty()) {
          assertTrue(!failed && call > 1, "the sweep reached the end");
          return;
        }
        if (!NEVER_REFUSED.contains(fault.struck())) {
          assertEquals(before, state(fresh), "call " + call + " failed: " + fault.struck());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ReplaceTarget.class)
  void aRunThatIsStoppedWhileItMeasuresKeepsWhatItHas(ReplaceTarget target) {
    String before = state();
    var order = new ReplaceOrder(target, 50, false, Optional.empty());
    var stopped = new Interruption();
    var listener = new Listener(0).atRound(3, stopped::stop);
    var outcome = replacement(kernel, plan(kernel, order), stopped, listener).run();
    var latency = outcome.latency().orElseThrow();
    assertEquals(3, latency.rounds());
    assertEquals(50, latency.wanted());
    assertTrue(outcome.interrupted() && latency.interrupted());
    assertTrue(outcome.verified());
    assertEquals(before, state());
  }

  @Test
  void aFailureToGiveBackIsNotSwallowed() {
    ReplacePlan plan = plan(kernel, order(ReplaceTarget.NEW_IOAS));
    var fault = Fault.onEvery(kernel, "VFIO_DEVICE_DETACH_IOMMUFD_PT");
    var replacement = replacement(fault.kernel(), plan, interruption, new Listener(0));
    assertTrue(fails(replacement));
  }

  private static boolean fails(Replacement replacement) {
    try {
      return !replacement.run().verified();
    } catch (RuntimeException failed) {
      return true;
    }
  }

  private ReplaceOutcome replace(Kernel on, ReplaceOrder order, ProgressListener progress) {
    return replacement(on, plan(on, order), interruption, progress).run();
  }

  private static Replacement replacement(
      Kernel on, ReplacePlan plan, Interruption interruption, ProgressListener progress) {
    return new Replacement(
        on, plan, VfioBinding.prepare(on, plan.toBind()), interruption, progress);
  }

  private static ReplaceOrder order(ReplaceTarget target) {
    return new ReplaceOrder(target, 2, true, Optional.empty());
  }

  private static ReplacePlan plan(Kernel on, ReplaceOrder order) {
    return ReplacePlan.of(on, Host.of(on).device(EDU), order);
  }

  private String state() {
    return state(kernel);
  }

  /** Every device with its driver and override, and the open files. */
  private static String state(SimKernel of) {
    return Host.of(of).devices() + " " + of.control().openFiles();
  }

  /** Keeps the steps, and does something after one of them. */
  private static final class Listener implements ProgressListener {

    private final int at;
    private final Runnable then;
    final List<String> seen = new ArrayList<>();
    private int stopAt;
    private Runnable stopping = () -> {};

    Listener(int at) {
      this(at, () -> {});
    }

    Listener(int at, Runnable then) {
      this.at = at;
      this.then = then;
    }

    @Override
    public void did(String text) {
      seen.add(text);
      if (seen.size() == at) {
        then.run();
      }
    }

    Listener atRound(int round, Runnable stop) {
      stopAt = round;
      stopping = stop;
      return this;
    }

    @Override
    public void round(int done, int all) {
      if (done == stopAt) {
        stopping.run();
      }
    }
  }
}
