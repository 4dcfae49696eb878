// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import io.iommufd4j.exec.trace.TracedCall;
import io.iommufd4j.exec.trace.TracedTasks;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.linux.Child;
import io.iommufd4j.linux.Ptrace;
import io.iommufd4j.linux.SeccompFilter;
import io.iommufd4j.linux.Spawn;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;

/**
 * Runs a program, and all that it starts, on the host's own kernel, and tells every request that it
 * makes of iommufd and VFIO. Nothing else of it is slowed down: a seccomp filter picks the requests
 * out ({@code SECCOMP_RET_TRACE}).
 */
public final class ProgramTrace {

  /** {@code _IOC_TYPE} of iommufd's and VFIO's requests. */
  private static final int REQUESTS = ';';

  private static final int SIGCONT = 18;

  /** Waits for its tracer, then becomes the program. */
  private static final List<String> WAITING =
      List.of("/bin/sh", "-c", "kill -STOP $$; exec \"$@\"", "sh");

  private final Consumer<TracedCall> told;

  /**
   * Traces for somebody.
   *
   * @param told gets each request once it has returned, on the thread that traces
   */
  public ProgramTrace(Consumer<TracedCall> told) {
    this.told = told;
  }

  /**
   * Runs a program to its end; as {@link ProgramRun#run}.
   *
   * @param command the program, looked for in {@code PATH} when it has no slash, and its arguments
   * @return its exit status, or 128 + the signal that ended it
   * @throws NotStartedException when it cannot be started, or not be traced
   */
  public int run(List<String> command) {
    var whole = new ArrayList<String>(WAITING);
    whole.addAll(command);
    var spawn = new Spawn(whole);
    var ended = new CompletableFuture<Integer>();
    // The filter stays on this thread.
    Thread.ofPlatform().daemon().name("traces").start(() -> ended.complete(trace(spawn)));
    try {
      int status = ended.get();
      if (status < 0) {
        throw NotStartedException.untraced(status);
      }
      return status;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a program was traced", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private int trace(Spawn spawn) {
    int filtered = SeccompFilter.tracing(REQUESTS);
    int pid = filtered < 0 ? filtered : spawn.run();
    if (pid < 0) {
      return pid;
    }
    var ptrace = new Ptrace();
    int stopped = ptrace.awaitStop(pid);
    long seized = stopped < 0 ? stopped : ptrace.seize(pid);
    Child.kill(pid, SIGCONT);
    return seized < 0 ? Errno.EPERM.negated() : new TracedTasks(ptrace, pid, told).run();
  }
}
