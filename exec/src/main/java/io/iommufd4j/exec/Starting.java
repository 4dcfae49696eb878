// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import io.iommufd4j.exec.call.SystemCalls;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.linux.Child;
import io.iommufd4j.linux.SeccompFilter;
import io.iommufd4j.linux.Spawn;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.IntConsumer;

/**
 * A program on its way: a thread that does nothing else takes the filter, which holds for it from
 * then on, and starts the program. That takes somebody who answers the listener.
 */
final class Starting {

  private final String program;
  private final CompletableFuture<Integer> supervised = new CompletableFuture<>();
  private final CompletableFuture<Integer> started = new CompletableFuture<>();

  private Starting(String program) {
    this.program = program;
  }

  /**
   * Begins.
   *
   * @param command the program, looked for in {@code PATH} when it has no slash, and its arguments
   * @param first the number that descriptors of simulated files are given from on
   * @param runs gets the program's number as soon as there is one
   */
  static Starting of(List<String> command, int first, IntConsumer runs) {
    var starting = new Starting(command.getFirst());
    var spawn = Spawn.inForeground(command);
    SeccompFilter filter = SystemCalls.filter(first);
    Thread.ofPlatform()
        .daemon()
        .name("starts " + command.getFirst())
        .start(() -> starting.start(filter, spawn, runs));
    return starting;
  }

  private void start(SeccompFilter filter, Spawn spawn, IntConsumer runs) {
    int listener = filter.install();
    supervised.complete(listener);
    if (listener >= 0) {
      int pid = spawn.run();
      if (pid >= 0) {
        runs.accept(pid);
      }
      started.complete(pid);
    }
  }

  /**
   * {@return the listener's descriptor}
   *
   * @throws NotStartedException when the host does not let programs be supervised
   */
  int listener() {
    int listener = get(supervised);
    if (listener < 0) {
      throw NotStartedException.unsupervised(listener);
    }
    return listener;
  }

  /**
   * {@return the program's number, once it runs}
   *
   * @throws NotStartedException when it cannot be started
   */
  int pid() {
    int pid = get(started);
    if (pid < 0) {
      throw NotStartedException.of(program, Errno.name(pid));
    }
    return pid;
  }

  /**
   * Waits for the program's end.
   *
   * @param guard kills it when this process is killed
   * @param termination ends it when this process is told to end
   * @return its exit status, or 128 + the signal that ended it
   */
  int await(Guard guard, Termination termination) {
    int pid = pid();
    guard.add(pid);
    termination.runs(pid);
    try {
      return Child.await(pid);
    } finally {
      termination.ended();
      guard.remove(pid);
    }
  }

  private static int get(CompletableFuture<Integer> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a program was started", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }
}
