// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential;

import io.iommufd4j.differential.Batches.Batch;
import io.iommufd4j.differential.program.Answer;
import io.iommufd4j.differential.program.Program;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Runs generated programs on the lab's kernel and on a simulated one of the same machine, and shows
 * where they differ; or records what the lab's kernel answers. {@code lab/differential} starts it.
 */
public final class Differential {

  private static final int CASES_OF_A_KIND = 1;
  private static final int MOST_CASES = 12;

  private final String iommu;
  private final String release;
  private final Lab lab;
  private final Path cases;
  private final PrintStream out;
  private Session simulated;

  /** A program that shows a difference, not shrunk yet: that takes many starts of the lab. */
  private record Found(long seed, Program program, String kind) {}

  private final List<Found> found = new ArrayList<>();
  private final Map<String, Integer> kinds = new TreeMap<>();
  private final Tally tally = new Tally();
  private long requests;
  private long differences;

  private Differential(String iommu, String release, Lab lab, Path cases, PrintStream out) {
    this.iommu = iommu;
    this.release = release;
    this.lab = lab;
    this.cases = cases;
    this.out = out;
    this.simulated = new Session(Kernels.simulated(iommu, release));
  }

  /**
   * Runs.
   *
   * @param arguments the IOMMU, the first and the last seed, how many requests are enough, a
   *     directory for cases, a file to record to or an empty word, a directory to work in, the
   *     release, how many labs at a time, and the command that runs programs in the lab
   */
  public static void main(String[] arguments) throws IOException {
    List<String> words = List.of(arguments);
    var lab = new Lab(words.subList(9, words.size()), Path.of(words.get(6)));
    var differential =
        new Differential(words.get(0), words.get(7), lab, Path.of(words.get(4)), System.out);
    long first = Long.parseLong(words.get(1));
    long last = Long.parseLong(words.get(2));
    long enough = Long.parseLong(words.get(3));
    if (words.get(5).isEmpty()) {
      differential.compare(first, last, enough, Integer.parseInt(words.get(8)));
      System.exit(differential.differences == 0 ? 0 : 1);
    }
    differential.record(first, last, enough, Path.of(words.get(5)));
    System.exit(0);
  }

  private void record(long first, long last, long enough, Path file) throws IOException {
    List<Program> programs = Batches.programs(first, last, enough);
    var recorded = new Recorded(Generator.VERSION, first, lab.answers(programs));
    Files.write(file, recorded.encode());
    out.printf(
        "%s: %d programs, %d requests recorded%n",
        iommu, programs.size(), Batches.requests(programs));
  }

  private void compare(long first, long last, long enough, int jobs) throws IOException {
    try (var batches = new Batches(lab, first, last, enough, jobs)) {
      for (Batch batch = batches.next(); batch != null; batch = batches.next()) {
        compare(batch);
        out.printf(
            "%s: seeds %d..%d, %d requests on both kernels, %d differences%n",
            iommu, first, batch.first() + batch.programs().size() - 1, requests, differences);
      }
    }
    if (Boolean.getBoolean("iommufd4j.tally")) {
      out.print(tally);
    }
    kinds.forEach((kind, count) -> out.println("  " + count + " x " + kind));
    for (Found difference : found) {
      store(difference);
    }
  }

  private void compare(Batch batch) {
    freshMachine();
    for (int i = 0; i < batch.programs().size(); i++) {
      var real = new Case(batch.programs().get(i), batch.answers().get(i));
      requests += real.program().requests();
      tally.count(real);
      Optional<Difference> difference = against(real);
      if (difference.isPresent()) {
        note(batch.first() + i, real, difference.get());
      }
    }
  }

  /** Each start of the lab is a fresh machine; so is the simulated one. */
  private List<List<Answer>> answers(List<Program> programs) {
    freshMachine();
    return lab.answers(programs);
  }

  private void freshMachine() {
    simulated.close();
    simulated = new Session(Kernels.simulated(iommu, release));
  }

  private Optional<Difference> against(Case real) {
    Optional<Difference> difference = real.against(simulated);
    if (difference.isPresent() && difference.get().step() == null) {
      // What a program left behind would be there after every other.
      simulated = new Session(Kernels.simulated(iommu, release));
    }
    return difference;
  }

  private void note(long seed, Case real, Difference difference) {
    differences++;
    int seen = kinds.merge(difference.kind(), 1, Integer::sum);
    out.println(iommu + ", seed " + seed + ", " + difference.kind() + ": " + difference);
    if (seen <= CASES_OF_A_KIND && found.size() < MOST_CASES) {
      int end = Math.min(difference.index() + 1, real.program().steps().size());
      var program = new Program(real.program().steps().subList(0, end));
      found.add(new Found(seed, program, difference.kind()));
    }
  }

  private void store(Found difference) throws IOException {
    Program shortest =
        new Shrinker(shorter -> show(shorter, difference.kind)).shrink(difference.program);
    Case shown = new Case(shortest, answers(List.of(shortest)).getFirst());
    String text =
        "# %s, seed %d of generator %d: %s%n# %s%n%s"
            .formatted(
                iommu,
                difference.seed,
                Generator.VERSION,
                difference.kind,
                against(shown).map(Difference::toString).orElse("not every time"),
                shown);
    Files.createDirectories(cases);
    Files.writeString(cases.resolve(iommu + "-" + difference.seed + ".txt"), text);
    out.print(text);
  }

  private List<Boolean> show(List<Program> programs, String kind) {
    List<List<Answer>> answers = answers(programs);
    var shown = new ArrayList<Boolean>();
    for (int i = 0; i < programs.size(); i++) {
      Optional<Difference> difference = against(new Case(programs.get(i), answers.get(i)));
      shown.add(difference.map(Difference::kind).filter(kind::equals).isPresent());
    }
    return shown;
  }
}
