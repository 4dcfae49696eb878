// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential;

import io.iommufd4j.differential.program.Answer;
import io.iommufd4j.differential.program.Program;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Generated programs with the lab's answers, batch after batch in the order of their seeds. Each
 * batch is one start of the lab; as many as jobs run at a time, ahead of who takes them.
 */
final class Batches implements AutoCloseable {

  /** Requests that one start of the lab answers at most. */
  private static final long MOST = 50_000;

  /** Fewer are not worth a start of their own. */
  private static final long FEWEST = 5_000;

  private final Lab lab;
  private final long last;
  private final int jobs;
  private final long share;
  private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
  private final Queue<Future<Batch>> running = new ArrayDeque<>();
  private long seed;
  private long wanted;

  /**
   * Programs one after the other, and what the real kernel answered to each.
   *
   * @param first seed of the first
   */
  record Batch(long first, List<Program> programs, List<List<Answer>> answers) {

    Batch {
      programs = List.copyOf(programs);
      answers = List.copyOf(answers);
    }
  }

  /**
   * The programs of seeds.
   *
   * @param enough requests after which no further program is made
   * @param jobs labs at a time, 1 or more
   */
  Batches(Lab lab, long first, long last, long enough, int jobs) {
    this.lab = lab;
    this.seed = first;
    this.last = last;
    this.wanted = enough;
    this.jobs = jobs;
    this.share = Math.clamp((enough + jobs - 1) / jobs, FEWEST, MOST);
  }

  /** The next batch, as soon as the lab has answered it; null when there is none. */
  @Nullable Batch next() {
    while (running.size() < jobs && seed <= last && wanted > 0) {
      start();
    }
    Future<Batch> oldest = running.poll();
    try {
      return oldest == null ? null : oldest.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the lab ran", e);
    }
  }

  private void start() {
    long first = seed;
    List<Program> programs = programs(first, last, Math.min(share, wanted));
    seed += programs.size();
    wanted -= requests(programs);
    running.add(workers.submit(() -> new Batch(first, programs, lab.answers(programs))));
  }

  /** The programs from a seed on, up to another, or up to so many requests. */
  static List<Program> programs(long first, long last, long most) {
    var programs = new ArrayList<Program>();
    long sent = 0;
    for (long seed = first; seed <= last && sent < most; seed++) {
      Program program = Generator.program(seed);
      programs.add(program);
      sent += program.requests();
    }
    return programs;
  }

  static long requests(List<Program> programs) {
    return programs.stream().mapToLong(Program::requests).sum();
  }

  /** Stops what still runs. */
  @Override
  public void close() {
    workers.shutdownNow();
    workers.close();
  }
}
