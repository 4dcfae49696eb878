// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential;

import io.iommufd4j.differential.program.Field;
import io.iommufd4j.differential.program.Program;
import io.iommufd4j.differential.program.Step;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Function;

/**
 * Makes a program shorter for as long as it still shows what it was to show. To check any number of
 * programs costs one start of the lab, so many are tried at once.
 */
public final class Shrinker {

  private static final int MOST_ROUNDS = 6;

  private final Function<List<Program>, List<Boolean>> show;

  /**
   * A shrinker.
   *
   * @param show which of many programs still show it
   */
  public Shrinker(Function<List<Program>, List<Boolean>> show) {
    this.show = show;
  }

  /** The shortest program found; at worst the one given. */
  public Program shrink(Program program) {
    Program fewer = without(program, program.steps().size(), Shrinker::withoutSteps);
    return without(fewer, fields(fewer), Shrinker::withoutFields);
  }

  /** Builds a program that lacks some of the parts of another. */
  @FunctionalInterface
  private interface Removal {
    Program without(Program program, BitSet parts);
  }

  private Program without(Program program, int parts, Removal removal) {
    var gone = new BitSet();
    for (int round = 0; round < MOST_ROUNDS; round++) {
      // One alone each, and then as many of those together as can go.
      var singles = new ArrayList<BitSet>();
      for (int part = gone.nextClearBit(0); part < parts; part = gone.nextClearBit(part + 1)) {
        var one = (BitSet) gone.clone();
        one.set(part);
        singles.add(one);
      }
      var removable = new BitSet();
      tried(program, singles, removal).forEach(removable::or);
      removable.andNot(gone);
      if (removable.isEmpty()) {
        break;
      }
      gone = shortest(program, gone, removable, removal);
    }
    return removal.without(program, gone);
  }

  private BitSet shortest(Program program, BitSet gone, BitSet removable, Removal removal) {
    int[] parts = removable.stream().toArray();
    var candidates = new ArrayList<BitSet>();
    for (int chunk = parts.length; chunk > 0; chunk /= 2) {
      for (int from = 0; from < parts.length; from += chunk) {
        // A chunk alone, and all but a chunk.
        var some = (BitSet) gone.clone();
        var others = (BitSet) gone.clone();
        for (int i = 0; i < parts.length; i++) {
          boolean within = i >= from && i < from + chunk;
          (within ? some : others).set(parts[i]);
        }
        candidates.add(some);
        candidates.add(others);
      }
    }
    BitSet best = gone;
    for (BitSet shown : tried(program, candidates, removal)) {
      if (shown.cardinality() > best.cardinality()) {
        best = shown;
      }
    }
    return best;
  }

  private List<BitSet> tried(Program program, List<BitSet> candidates, Removal removal) {
    List<Boolean> shown =
        show.apply(candidates.stream().map(parts -> removal.without(program, parts)).toList());
    var found = new ArrayList<BitSet>();
    for (int i = 0; i < candidates.size(); i++) {
      if (shown.get(i)) {
        found.add(candidates.get(i));
      }
    }
    return found;
  }

  private static Program withoutSteps(Program program, BitSet parts) {
    var steps = new ArrayList<Step>();
    for (int i = 0; i < program.steps().size(); i++) {
      if (!parts.get(i)) {
        steps.add(program.steps().get(i));
      }
    }
    return new Program(steps);
  }

  private static int fields(Program program) {
    return program.steps().stream()
        .mapToInt(step -> step instanceof Step.Ioctl ioctl ? ioctl.fields().size() : 0)
        .sum();
  }

  /** Fields that are left out are 0. */
  private static Program withoutFields(Program program, BitSet parts) {
    var steps = new ArrayList<Step>();
    int part = 0;
    for (Step step : program.steps()) {
      if (step instanceof Step.Ioctl(int file, String name, var all, var outputs)) {
        var kept = new ArrayList<Field>();
        for (Field field : all) {
          if (!parts.get(part++)) {
            kept.add(field);
          }
        }
        steps.add(new Step.Ioctl(file, name, kept, outputs));
      } else {
        steps.add(step);
      }
    }
    return new Program(steps);
  }
}
