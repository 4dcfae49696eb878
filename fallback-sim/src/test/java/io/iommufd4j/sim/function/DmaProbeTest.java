// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.function;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.iommu.AttachHandle;
import io.iommufd4j.sim.iommu.DmaPort;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.iommu.IommuGroup;
import io.iommufd4j.sim.iommu.PagingDomain;
import io.iommufd4j.sim.pci.PciBus;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract of replace, held by a device that never stops reading. */
@Timeout(120)
final class DmaProbeTest {

  private static final long IOVA = 0x40_0000;
  private static final byte OLD = 0x11;
  private static final byte NEW = 0x22;
  private static final int REPLACES = 10_000;

  /** A group of two, its probe, and the two domains it is switched between. */
  private static final class Scene implements AutoCloseable {
    final TestMachine machine;
    final IommuGroup group;
    final PagingDomain old;
    final PagingDomain next;
    final DmaProbe probe;

    Scene(IommuPreset preset) {
      machine = new TestMachine(preset);
      group = machine.group(3);
      var bus = new PciBus(true);
      machine.edu("0000:02:01.0", bus, group);
      IommuDevice device = machine.edu("0000:02:02.0", bus, group).device();
      old = machine.domain(device, IOVA, filled(OLD));
      next = machine.domain(device, IOVA, filled(NEW));
      group.claim(this);
      group.attach(old, new AttachHandle());
      probe = new DmaProbe(new DmaPort(device, machine.memory), IOVA, OLD, NEW);
    }

    private MemorySegment filled(byte tag) {
      return machine.pages(1).fill(tag);
    }

    void replace(int turn) {
      group.replaceHandle(turn % 2 == 0 ? next : old, new AttachHandle());
    }

    /** Lets the probe run on, so that it meets what there is now. */
    void letRun() {
      long before = probe.counts().total();
      while (probe.counts().total() < before + 100) {
        Thread.onSpinWait();
      }
    }

    @Override
    public void close() {
      probe.close();
      machine.close();
    }
  }

  @ParameterizedTest
  @EnumSource(IommuPreset.class)
  void detachAndAttachIsNoticedOnEveryDriver(IommuPreset preset) {
    try (var scene = new Scene(preset)) {
      scene.probe.start();
      for (int turn = 0; scene.probe.counts().faults() == 0; turn++) {
        scene.group.detach();
        scene.group.attach(turn % 2 == 0 ? scene.next : scene.old, new AttachHandle());
      }
      scene.probe.close();
      assertEquals(0, scene.probe.counts().others());
    }
  }

  @ParameterizedTest
  @EnumSource(IommuPreset.class)
  void dmaNeverSeesAnythingButOldNewOrNothing(IommuPreset preset) {
    try (var scene = new Scene(preset)) {
      scene.probe.start();
      scene.letRun();
      for (int turn = 0; turn < REPLACES; turn++) {
        scene.replace(turn);
      }
      scene.replace(0);
      scene.letRun();
      scene.probe.close();
      DmaProbe.Counts counts = scene.probe.counts();
      assertEquals(0, counts.others(), counts.toString());
      assertNotEquals(0, counts.first(), counts.toString());
      assertNotEquals(0, counts.second(), counts.toString());
    }
  }

  @ParameterizedTest
  @EnumSource(IommuPreset.class)
  void aReplaceIsNoticedSoonerOrLater(IommuPreset preset) {
    try (var scene = new Scene(preset)) {
      scene.probe.start();
      for (int turn = 0; scene.probe.counts().faults() == 0; turn++) {
        scene.replace(turn);
      }
      scene.probe.close();
      assertTrue(scene.probe.counts().faults() > 0);
    }
  }

  @Test
  void whenItIsClosedItStandsStill() {
    try (var scene = new Scene(IommuPreset.SMMUV3)) {
      scene.probe.start();
      scene.letRun();
      scene.probe.close();
      assertEquals(scene.probe.counts(), scene.probe.counts());
      assertEquals(scene.probe.counts().total(), scene.probe.counts().first());
    }
  }
}
