// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.file;

import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.sim.machine.BusNumber;
import io.iommufd4j.sim.machine.SriovDetails;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The IOMMU group of each function that an IOMMU translates for, where the file says none: as Linux
 * finds it from the bridges above it and from access control ({@code pci_device_group}).
 */
final class GroupRule {

  /** Bridges by the bus behind them. */
  private final Map<BusNumber, Draft> bridges = new HashMap<>();

  /** Functions by the first address of their slot, in the order of the list. */
  private final Map<PciAddress, List<Draft>> slots = new HashMap<>();

  private final Map<Draft, Integer> groups = new HashMap<>();
  private final Set<Integer> taken = new HashSet<>();

  /** No lower number is free. */
  private int lowestFree;

  private GroupRule(List<Draft> all) {
    for (Draft draft : all) {
      draft.behind().ifPresent(bus -> bridges.putIfAbsent(bus, draft));
      slots.computeIfAbsent(draft.slot().first(), _ -> new ArrayList<>(1)).add(draft);
      draft
          .group()
          .ifPresent(group -> {
            groups.put(draft, group);
            taken.add(group);
          });
    }
    all.forEach(this::keepForVirtualFunctions);
  }

  /** Numbers that a host gave to its virtual functions are theirs alone. */
  private void keepForVirtualFunctions(Draft draft) {
    for (int group : draft.slot().details().sriov().map(SriovDetails::groups).orElse(List.of())) {
      if (!draft.slot().translated() || !taken.add(group)) {
        throw draft
            .fields()
            .require("virtual-functions", "")
            .wrong("group %d is another's, or no IOMMU translates".formatted(group));
      }
    }
  }

  /** The groups by function; in the order of the list, those above before those below. */
  static Map<Draft, Integer> groups(List<Draft> all) {
    var rule = new GroupRule(all);
    all.stream().filter(draft -> draft.slot().translated()).forEach(rule::group);
    return rule.groups;
  }

  private int group(Draft draft) {
    Integer known = groups.get(draft);
    if (known != null) {
      return known;
    }
    translatedParent(draft).ifPresent(this::group);
    int group = found(draft).orElseGet(this::free);
    groups.put(draft, group);
    taken.add(group);
    return group;
  }

  private int free() {
    while (taken.contains(lowestFree)) {
      lowestFree++;
    }
    return lowestFree;
  }

  private Optional<Draft> parent(Draft draft) {
    return Optional.ofNullable(bridges.get(BusNumber.of(draft.address())));
  }

  private Optional<Draft> translatedParent(Draft draft) {
    return parent(draft).filter(up -> up.slot().translated());
  }

  private OptionalInt found(Draft draft) {
    Draft top = draft;
    for (var up = translatedParent(draft); up.isPresent(); up = translatedParent(up.get())) {
      if (up.get().conventional()
          || up.get().slot().secondaryDomain() != up.get().address().domain()) {
        return OptionalInt.of(group(up.get()));
      }
    }
    for (var up = translatedParent(top); up.isPresent(); up = translatedParent(up.get())) {
      if (isolatedPath(up.get())) {
        break;
      }
      return OptionalInt.of(group(up.get()));
    }
    if (top.isolates()) {
      return OptionalInt.empty();
    }
    return slots.getOrDefault(draft.slot().first(), List.of()).stream()
        .filter(other -> other != draft && !other.isolates() && groups.containsKey(other))
        .mapToInt(groups::get)
        .findFirst();
  }

  /** {@code pci_acs_path_enabled}: from a bridge up to the root. */
  private boolean isolatedPath(Draft bridge) {
    for (Optional<Draft> at = Optional.of(bridge); at.isPresent(); at = parent(at.get())) {
      if (!at.get().isolates()) {
        return false;
      }
    }
    return true;
  }
}
