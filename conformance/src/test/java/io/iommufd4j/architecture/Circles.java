// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.architecture;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The sets of nodes of a graph in which each reaches each other (strongly connected components, by
 * Tarjan's algorithm).
 */
final class Circles {

  private final Map<String, Set<String>> edges;
  private final Map<String, Integer> numbers = new HashMap<>();
  private final Deque<String> open = new ArrayDeque<>();
  private final List<Set<String>> found = new ArrayList<>();

  /** The circles of a graph: for each node those that it has an edge to. */
  Circles(Map<String, Set<String>> edges) {
    this.edges = edges;
    for (String node : edges.keySet()) {
      if (!numbers.containsKey(node)) {
        visit(node);
      }
    }
  }

  /** All of them, those of a single node too. */
  List<Set<String>> all() {
    return found;
  }

  private int visit(String node) {
    int number = numbers.size();
    numbers.put(node, number);
    open.push(node);
    int low = number;
    for (String next : edges.getOrDefault(node, Set.of())) {
      if (!numbers.containsKey(next)) {
        low = Math.min(low, visit(next));
      } else if (open.contains(next)) {
        low = Math.min(low, numbers.getOrDefault(next, number));
      }
    }
    if (low == number) {
      close(node);
    }
    return low;
  }

  private void close(String node) {
    var circle = new TreeSet<String>();
    String last;
    do {
      last = open.pop();
      circle.add(last);
    } while (!last.equals(node));
    found.add(circle);
  }
}
