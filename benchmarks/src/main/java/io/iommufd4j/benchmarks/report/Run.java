// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks.report;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One IOMMU's run.
 *
 * @param name as {@code lab/run --iommu} has it, or {@code simulated}
 * @param kernel which answered
 * @param begun the time of its begin, and the load of the machine then
 * @param measured what was measured
 * @param limits why cases could not be measured, one sentence each
 */
record Run(String name, String kernel, String begun, List<Measured> measured, List<String> limits) {

  private static final String RUN = "RUN ";

  /**
   * Reads the output of a run: documents in JSON of the command, and the lines of its C twin, which
   * begin with "C ", and a line with its begin.
   */
  static Run read(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    List<String> twin = lines.stream().filter(line -> line.startsWith("C ")).toList();
    var measured = new ArrayList<Measured>();
    var limits = new ArrayList<String>();
    String release = "";
    String begun =
        lines.stream()
            .filter(line -> line.startsWith(RUN))
            .map(line -> line.substring(RUN.length()))
            .findFirst()
            .orElse("at an unknown time");
    for (Map<String, Object> json : documents(lines)) {
      release = String.valueOf(Measured.map(json, "kernel").get("release"));
      for (Object each : list(json.get("cases"))) {
        Map<?, ?> one = (Map<?, ?>) each;
        for (Object result : list(one.get("ways"))) {
          measured.add(Measured.of(one, (Map<?, ?>) result, twin));
        }
        if (one.get("limit") instanceof Map<?, ?> limit) {
          limits.add(
              Report.number(Measured.number(one, "areas"))
                  + " areas of "
                  + Report.size(Measured.number(one, "area_bytes"))
                  + ": "
                  + limit.get("message"));
        }
      }
    }
    String name = String.valueOf(file.getFileName()).replaceFirst("\\.txt$", "");
    return new Run(name, release, begun, measured, limits);
  }

  private static List<Map<String, Object>> documents(List<String> lines) throws IOException {
    var documents = new ArrayList<Map<String, Object>>();
    int begin = lines.indexOf("{");
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).equals("{")) {
        begin = i;
      } else if (lines.get(i).equals("}")) {
        documents.add(JSON.std.mapFrom(String.join("\n", lines.subList(begin, i + 1))));
      }
    }
    return documents;
  }

  private static List<?> list(@Nullable Object json) {
    return json instanceof List<?> list ? list : List.of();
  }

  /** For people. */
  String title() {
    return switch (name) {
      case "vtd" -> "VT-d";
      case "vtd-scalable" -> "VT-d, scalable mode";
      case "amd" -> "AMD-Vi";
      case "virtio" -> "virtio-iommu";
      case "smmuv3" -> "SMMUv3";
      case "simulated" -> "simulated kernel";
      default -> name;
    };
  }
}
