// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.file;

import io.iommufd4j.sim.machine.BusNumber;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The IOMMU group of each function, where the file says none: as Linux finds it from the bridges
 * above it and from access control ({@code pci_device_group}).
 */
final class GroupRule {

  private final List<Draft> all;
  private final Map<Draft, Integer> groups = new HashMap<>();
  private final Set<Integer> taken = new HashSet<>();

  private GroupRule(List<Draft> all) {
    this.all = all;
    for (Draft draft : all) {
      draft
          .group()
          .ifPresent(group -> {
            groups.put(draft, group);
            taken.add(group);
          });
    }
  }

  /** The groups by function; in the order of the list, those above before those below. */
  static Map<Draft, Integer> groups(List<Draft> all) {
    var rule = new GroupRule(all);
    all.forEach(rule::group);
    return rule.groups;
  }

  private int group(Draft draft) {
    Integer known = groups.get(draft);
    if (known != null) {
      return known;
    }
    parent(draft).ifPresent(this::group);
    int group = found(draft).orElseGet(this::free);
    groups.put(draft, group);
    taken.add(group);
    return group;
  }

  private int free() {
    int number = 0;
    while (taken.contains(number)) {
      number++;
    }
    return number;
  }

  private Optional<Draft> parent(Draft draft) {
    BusNumber bus = BusNumber.of(draft.address());
    return all.stream().filter(other -> other.behind().filter(bus::equals).isPresent()).findFirst();
  }

  private OptionalInt found(Draft draft) {
    Draft top = draft;
    for (var up = parent(draft); up.isPresent(); up = parent(up.get())) {
      if (up.get().conventional()
          || up.get().slot().secondaryDomain() != up.get().address().domain()) {
        return OptionalInt.of(group(up.get()));
      }
    }
    for (var up = parent(top); up.isPresent(); up = parent(up.get())) {
      if (isolatedPath(up.get())) {
        break;
      }
      return OptionalInt.of(group(up.get()));
    }
    if (top.isolates()) {
      return OptionalInt.empty();
    }
    return all.stream()
        .filter(draft::sharesSlot)
        .filter(other -> !other.isolates() && groups.containsKey(other))
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
