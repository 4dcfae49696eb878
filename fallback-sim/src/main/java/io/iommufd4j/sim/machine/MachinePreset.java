// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.sim.driver.IommuPreset;
import java.util.ArrayList;
import java.util.List;

/**
 * A machine that is known by name.
 *
 * @param about what it is, in a sentence
 * @param iommu the one it has when no other is named
 * @param functions in the order the kernel finds them
 */
record MachinePreset(String name, String about, IommuPreset iommu, List<PresetFunction> functions) {

  /** A machine of some parts, one behind the other. */
  @SafeVarargs
  static MachinePreset of(
      String name, String about, IommuPreset iommu, List<PresetFunction>... parts) {
    var functions = new ArrayList<PresetFunction>();
    for (List<PresetFunction> part : parts) {
      functions.addAll(part);
    }
    return new MachinePreset(name, about, iommu, List.copyOf(functions));
  }

  /** The machine, to be changed. */
  MachineBuilder toBuilder() {
    var machine = new MachineBuilder(name).about(about).iommu(iommu);
    functions.forEach(function -> function.addTo(machine));
    return machine;
  }
}
