// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.machine;

import io.iommufd4j.sim.driver.IommuPreset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The names that IOMMUs are chosen by. */
public final class IommuNames {

  static final String NONE = "none";
  static final String NO_IOMMU = "noiommu";

  private IommuNames() {}

  /**
   * All of them: each model's own, and each replace behavior's; {@code none} and {@code noiommu}
   * for a machine that has none, which VFIO refuses or takes in its no-IOMMU mode.
   */
  public static List<String> all() {
    return Stream.concat(models().keySet().stream(), Stream.of(NONE, NO_IOMMU)).toList();
  }

  /**
   * Gives a machine the IOMMU of a name.
   *
   * @throws IllegalArgumentException for an unknown name; the message lists the known ones
   */
  public static void choose(MachineBuilder machine, String name) {
    switch (name) {
      case NONE -> machine.withoutIommu(false);
      case NO_IOMMU -> machine.withoutIommu(true);
      default -> machine.iommu(model(name));
    }
  }

  private static IommuPreset model(String name) {
    var model = models().get(name);
    if (model == null) {
      throw new IllegalArgumentException(
          "no IOMMU '" + name + "': there are " + String.join(", ", all()));
    }
    return model;
  }

  private static Map<String, IommuPreset> models() {
    var models = new LinkedHashMap<String, IommuPreset>();
    Stream.of(IommuPreset.values()).forEach(preset -> models.put(preset.label(), preset));
    models.put("blocking-window", IommuPreset.AMD);
    models.put("blocks-on-failure", IommuPreset.VTD);
    return models;
  }
}
