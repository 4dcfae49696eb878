// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.machine;

import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.LinuxRelease;
import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.IommuGroup;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** A host as a machine file: what its sysfs shows to who may look. Changes nothing. */
final class HostCapture {

  private static final int TITLE = 120;

  private final Kernel kernel;
  private final boolean probes;
  private final Host host;
  private final Attributes sysfs;
  private final StringBuilder text = new StringBuilder();

  private HostCapture(Kernel kernel, boolean probes) {
    this.kernel = kernel;
    this.probes = probes;
    this.host = Host.of(kernel);
    this.sysfs = new Attributes(host.sysfs());
  }

  /**
   * The text of the file.
   *
   * @param name the machine's
   * @param probes whether devices that a VFIO driver has and nobody uses are bound for a moment
   */
  static String of(Kernel kernel, String name, boolean probes) {
    return new HostCapture(kernel, probes).write(name);
  }

  private String write(String name) {
    List<CapturedFunction> functions =
        host.devices().stream()
            .filter(device -> device.physicalFunction().isEmpty())
            .map(device -> {
              List<PciDevice> virtual = host.virtualFunctions(device);
              return new CapturedFunction(sysfs, device, virtual, groupsOf(virtual));
            })
            .toList();
    var iommus =
        new CapturedIommus(
            sysfs, functions.stream().map(CapturedFunction::device).toList(), this::ask);
    comments(functions, iommus);
    line("machine: " + name);
    line("release: " + release());
    settings();
    roots(functions);
    if (!iommus.lines().isEmpty()) {
      line("iommus:");
      iommus.lines().forEach(unit -> line("  - " + unit));
    }
    line(functions.isEmpty() ? "functions: []" : "functions:");
    var seen = new HashSet<Integer>();
    for (CapturedFunction function : functions) {
      Optional<IommuGroup> group =
          iommus.names().isEmpty() ? Optional.empty() : host.groupOf(function.device());
      boolean first = group.isPresent() && seen.add(group.get().number());
      text.append(function.lines(iommus, group, first));
    }
    return text.toString();
  }

  /** The numbers of groups that devices have alone; none unless each has one. */
  private List<Integer> groupsOf(List<PciDevice> devices) {
    List<IommuGroup> groups =
        devices.stream()
            .flatMap(device -> host.groupOf(device).stream())
            .filter(group -> group.translates() && group.members().size() == 1)
            .toList();
    return groups.size() == devices.size()
        ? groups.stream().map(IommuGroup::number).toList()
        : List.of();
  }

  private Optional<IommuProbe.Answer> ask(String iommu) {
    return probes ? IommuProbe.ask(kernel, iommu, host.devices()) : Optional.empty();
  }

  private void line(String line) {
    text.append(line).append('\n');
  }

  private void comment(String line) {
    line("# " + (line.length() > TITLE ? line.substring(0, TITLE) : line));
  }

  private void comments(List<CapturedFunction> functions, CapturedIommus iommus) {
    comment(
        "Captured from Linux " + kernel.identity().release() + " by iommufdctl machine capture.");
    comment("Serial numbers and what was read of vital product data are left out.");
    if (!kernel.identity().release().startsWith(release() + ".")) {
      comment("The simulated kernel answers as the release below, which is the nearest it has.");
    }
    long inPart = functions.stream().filter(CapturedFunction::shownInPart).count();
    if (inPart > 0) {
      comment(
          inPart
              + " functions showed 64 bytes of their configuration registers: for all, capture as"
              + " root.");
    }
    long virtual =
        host.devices().stream().filter(device -> device.physicalFunction().isPresent()).count();
    if (virtual > 0) {
      comment(virtual + " virtual functions are made at boot.");
    }
    iommus.unknown().forEach(this::comment);
  }

  /** The newest release that is simulated and no newer than the host's; else the oldest. */
  private String release() {
    String own = kernel.identity().release();
    List<String> simulated = Machine.releases();
    String best = simulated.getFirst();
    for (String release : simulated) {
      boolean after =
          LinuxRelease.parse(release)
              .flatMap(one -> LinuxRelease.parse(own).map(one::after))
              .orElse(false);
      best = after ? best : release;
    }
    return best;
  }

  private void settings() {
    line("interrupts: " + (isolated() ? "isolated" : "shared"));
    if (sysfs.on("module/iommufd/parameters/allow_unsafe_interrupts")) {
      line("allow-unsafe-interrupts: true");
    }
    if (sysfs.on("module/vfio/parameters/enable_unsafe_noiommu_mode")) {
      line("noiommu: true");
    }
    long limit = kernel.process().memlockLimit();
    if (limit == ProcessFacts.UNLIMITED) {
      line("memlock: unlimited");
    } else if (limit != SimKernel.DEFAULT_MEMLOCK && limit > 0) {
      line("memlock: " + limit);
    }
    sysfs
        .text("kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")
        .filter(pages -> !pages.equals("0"))
        .ifPresent(pages -> line("hugepages: " + pages));
  }

  /** The names of interrupt chips are all that Linux shows of it. */
  private boolean isolated() {
    return sysfs.names("kernel/irq").stream()
        .map(irq -> sysfs.text("kernel/irq/" + irq + "/chip_name").orElse(""))
        .anyMatch(chip -> chip.startsWith("IR-") || chip.contains("ITS"));
  }

  private void roots(List<CapturedFunction> functions) {
    var roots = new TreeSet<String>();
    functions.forEach(function -> roots.add(bus(function.device())));
    functions.forEach(function -> function.bus().ifPresent(roots::remove));
    if (!roots.isEmpty() && !roots.equals(new TreeSet<>(List.of("0000:00")))) {
      line("root-buses: [" + String.join(", ", roots) + "]");
    }
  }

  private static String bus(PciDevice device) {
    return "%04x:%02x".formatted(device.address().domain(), device.address().bus());
  }
}
