// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.junit;

import io.iommufd4j.Iommufd;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.TracingKernel;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.Census;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.RequestFaults;
import io.iommufd4j.sim.SimControl;
import io.iommufd4j.sim.SimKernel;
import io.iommufd4j.vfio.VfioDevice;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** The kernel of one test, and what was opened on it for the test's parameters. */
final class SimulatedTest {

  private final SimKernel simulated;
  private final FaultyKernel faulty;
  private final RequestFaults faults = new RequestFaults();
  private final Requests requests = new Requests();
  private final Kernel kernel;

  /** The handles opened for parameters, the last first. */
  private final ArrayDeque<AutoCloseable> opened = new ArrayDeque<>();

  SimulatedTest(Machine machine) {
    simulated = SimKernel.on(machine);
    faulty = new FaultyKernel(simulated, faults);
    kernel = new TracingKernel(faulty.asKernel(), requests);
  }

  RequestFaults faults() {
    return faults;
  }

  Requests requests() {
    return requests;
  }

  /** The types of parameters that it has a value for. */
  static boolean knows(Class<?> type) {
    return List.of(
            Kernel.class,
            Machine.class,
            SimControl.class,
            RequestFaults.class,
            PciAddress.class,
            Iommufd.class,
            VfioDevice.class)
        .contains(type);
  }

  /**
   * The value of a parameter.
   *
   * @param nth its number among those of its type, from 0
   */
  Object value(Class<?> type, int nth) {
    if (type == Kernel.class) {
      return kernel;
    }
    if (type == Machine.class) {
      return simulated.machine();
    }
    if (type == RequestFaults.class) {
      return faults;
    }
    if (type == PciAddress.class) {
      return edu(nth);
    }
    if (type == Iommufd.class) {
      return keep(Iommufd.open(kernel));
    }
    if (type == VfioDevice.class) {
      keep(VfioBinding.bind(kernel, List.of(edu(nth))));
      return keep(VfioDevice.open(kernel, edu(nth)));
    }
    return simulated.control();
  }

  private PciAddress edu(int nth) {
    List<PciAddress> edus = simulated.machine().edus();
    if (nth >= edus.size()) {
      throw new IllegalArgumentException(
          "the machine "
              + simulated.machine()
              + " has "
              + edus.size()
              + " edu devices, not "
              + (nth + 1));
    }
    return edus.get(nth);
  }

  private <T extends AutoCloseable> T keep(T resource) {
    opened.addFirst(resource);
    return resource;
  }

  /**
   * Closes what was opened for parameters and ends the kernel.
   *
   * @return what is wrong with the end; empty for nothing
   */
  List<String> end() {
    var wrong = new ArrayList<String>(faults.unmet());
    faults.clear();
    // Devices before the iommufd that they may be bound to, and before they are given back.
    close(VfioDevice.class, wrong);
    close(Iommufd.class, wrong);
    Census left = simulated.control().census();
    if (!left.equals(Census.NOTHING)) {
      wrong.add("left behind: " + describe(left));
    }
    close(VfioBinding.class, wrong);
    kernel.close();
    return wrong;
  }

  private void close(Class<?> type, List<String> wrong) {
    for (AutoCloseable resource : opened) {
      if (type.isInstance(resource)) {
        failure(resource).ifPresent(wrong::add);
      }
    }
  }

  private static Optional<String> failure(AutoCloseable resource) {
    try {
      resource.close();
      return Optional.empty();
    } catch (Exception e) {
      return Optional.of("closing: " + e.getMessage());
    }
  }

  private String describe(Census left) {
    var parts = new ArrayList<String>();
    if (left.openFiles() > 0) {
      parts.add(count(left.openFiles(), "open file") + " " + new TreeMap<>(faulty.open()));
    }
    if (left.contexts() > 0) {
      parts.add(count(left.contexts(), "iommufd context"));
    }
    if (left.objects() > 0) {
      parts.add(count(left.objects(), "object"));
    }
    if (left.pinnedPages() > 0) {
      parts.add(count(left.pinnedPages(), "pinned page"));
    }
    return String.join(", ", parts);
  }

  private static String count(long number, String what) {
    return number + " " + what + (number == 1 ? "" : "s");
  }
}
