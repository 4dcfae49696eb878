// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.file;

import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.driver.IommuUnit;
import io.iommufd4j.sim.lib.KernelRelease;
import io.iommufd4j.sim.machine.BootSettings;
import io.iommufd4j.sim.machine.BusNumber;
import io.iommufd4j.sim.machine.MachineDescription;
import io.iommufd4j.sim.machine.Slot;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads a machine from a file's text. */
public final class MachineFile {

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:+-]{0,63}");
  private static final Pattern BUS = Pattern.compile("(\\p{XDigit}{4,8}):(\\p{XDigit}{2})");
  private static final int MOST_HUGE_PAGES = 1 << 20;

  private final Fields fields;

  private MachineFile(Fields fields) {
    this.fields = fields;
  }

  /**
   * Reads one.
   *
   * @param file its name, for messages
   * @throws BadFileException for the first mistake
   */
  public static MachineDescription read(String file, String text) {
    return new MachineFile(new YamlText(file, text).parse().fields(MachineKeys.MACHINE)).read();
  }

  private MachineDescription read() {
    List<IommuUnit> iommus = fields.find("iommus").map(IommuReader::read).orElse(List.of());
    Set<BusNumber> roots = rootBuses();
    var reader = new FunctionReader(iommus);
    List<Draft> drafts =
        fields.require("functions", "a list, as - {at: 0000:00:08.0, kind: edu}").items().stream()
            .map(reader::read)
            .toList();
    requirePlaces(drafts, roots);
    Map<Draft, Integer> groups = iommus.isEmpty() ? Map.of() : GroupRule.groups(drafts);
    return new MachineDescription(
        fields.require("machine", "a name").matching(NAME, "a name of letters and digits").group(),
        fields.find("about").map(Value::text).orElse(""),
        release(),
        iommus,
        settings(),
        roots,
        drafts.stream()
            .map(draft -> draft.slot().withGroup(groups.getOrDefault(draft, 0)))
            .toList());
  }

  private KernelRelease release() {
    return fields
        .find("release")
        .map(value -> {
          try {
            return KernelRelease.named(value.text());
          } catch (IllegalArgumentException unknown) {
            throw value.wrong(String.valueOf(unknown.getMessage()));
          }
        })
        .orElse(KernelRelease.NEWEST);
  }

  private BootSettings settings() {
    return new BootSettings(
        fields
            .find("interrupts")
            .map(value -> value.one(Map.of("isolated", true, "shared", false)))
            .orElse(true),
        fields.truth("allow-unsafe-interrupts"),
        fields.truth("noiommu"),
        fields
            .find("memlock")
            .map(value ->
                OptionalLong.of(
                    value.text().equals("unlimited") ? ProcessFacts.UNLIMITED : value.size()))
            .orElse(OptionalLong.empty()),
        fields.find("hugepages").map(value -> value.number(0, MOST_HUGE_PAGES)).orElse(0L));
  }

  private Set<BusNumber> rootBuses() {
    var buses = new LinkedHashSet<BusNumber>();
    fields
        .find("root-buses")
        .ifPresent(list -> {
          for (Value item : list.items()) {
            Matcher bus = item.matching(BUS, "a domain and a bus, as 0000:00");
            buses.add(
                new BusNumber(
                    Integer.parseUnsignedInt(bus.group(1), 16),
                    Integer.parseInt(bus.group(2), 16)));
          }
        });
    return buses.isEmpty() ? Set.of(BusNumber.FIRST) : buses;
  }

  /** Every function is on a bus that there is, and alone at its address. */
  private static void requirePlaces(List<Draft> drafts, Set<BusNumber> roots) {
    var addresses = new HashSet<PciAddress>();
    var leading = new HashMap<BusNumber, PciAddress>();
    for (Draft draft : drafts) {
      if (!addresses.add(draft.address())) {
        throw draft.fields().require("at", "").wrong("there is a second one; one has to go");
      }
      draft.behind().ifPresent(bus -> requireWay(draft, bus, roots, leading));
    }
    for (Draft draft : drafts) {
      BusNumber bus = BusNumber.of(draft.address());
      if (!roots.contains(bus) && !leading.containsKey(bus)) {
        throw draft
            .fields()
            .require("at", "")
            .wrong(
                "no bridge leads to bus "
                    + bus
                    + "; it wants a bridge with bus: 0x%02x, or a place in root-buses"
                        .formatted(bus.bus()));
      }
      requireRoom(draft, addresses);
    }
  }

  private static void requireWay(
      Draft bridge, BusNumber to, Set<BusNumber> roots, Map<BusNumber, PciAddress> leading) {
    PciAddress other = leading.put(to, bridge.address());
    if (other != null || roots.contains(to)) {
      throw bridge
          .fields()
          .whole()
          .wrong(
              "bus "
                  + to
                  + (other == null ? " is a root bus" : " lies behind " + other)
                  + "; it wants one that is free");
    }
    if (to.domain() == bridge.address().domain() && to.bus() <= bridge.address().bus()) {
      throw bridge
          .fields()
          .whole()
          .wrong("bus " + to + " is no higher than its own; it wants a higher one");
    }
  }

  /** Nothing is where the virtual functions will be. */
  private static void requireRoom(Draft draft, Set<PciAddress> addresses) {
    draft
        .slot()
        .details()
        .sriov()
        .ifPresent(sriov -> {
          for (int i = 0; i < sriov.total(); i++) {
            PciAddress at = Slot.virtualAddress(draft.address(), sriov.offset(), sriov.stride(), i);
            if (addresses.contains(at)) {
              throw draft
                  .fields()
                  .require("virtual-functions", "")
                  .wrong(at + " is taken; it wants room for all virtual functions");
            }
          }
        });
  }
}
