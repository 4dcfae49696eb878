// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential;

import io.iommufd4j.kernel.Errno;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The number of times each request got each result: the coverage of generated programs. */
final class Tally {

  private final Map<String, Map<String, Integer>> answers = new TreeMap<>();

  void count(Case done) {
    for (int i = 0; i < done.program().steps().size(); i++) {
      String request = Difference.request(done.program().steps().get(i));
      long value = done.answers().get(i).value();
      answers
          .computeIfAbsent(request, _ -> new TreeMap<>())
          .merge(value < 0 ? Errno.name((int) value) : "ok", 1, Integer::sum);
    }
  }

  /** A line for each request. */
  @Override
  public String toString() {
    return answers.entrySet().stream()
        .map(entry ->
            "  "
                + entry.getKey()
                + entry.getValue().entrySet().stream()
                    .map(answer -> " " + answer.getKey() + " " + answer.getValue())
                    .collect(Collectors.joining(",", ":", "\n")))
        .collect(Collectors.joining());
  }
}
