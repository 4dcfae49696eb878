// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import io.iommufd4j.exec.process.PtraceScope;
import io.iommufd4j.exec.record.RecordedEvent;
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
import org.jspecify.annotations.Nullable;

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
  private @Nullable Consumer<RecordedEvent> recorded;

  /**
   * Traces for somebody.
   *
   * @param told gets each request once it has returned, on the thread that traces
   */
  public ProgramTrace(Consumer<TracedCall> told) {
    this.told = told;
  }

  /**
   * Also tells what a recording has. Opens for writing, and short reads and writes, of any file are
   * then stopped at as well.
   *
   * @param events gets each on the thread that traces, in the order in which calls return
   * @return this
   */
  public ProgramTrace recording(Consumer<RecordedEvent> events) {
    recorded = events;
    return this;
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
    var spawn = Spawn.inForeground(whole);
    var ended = new CompletableFuture<Integer>();
    var started = new CompletableFuture<Integer>();
    SeccompFilter requests = SeccompFilter.tracing(REQUESTS);
    SeccompFilter filter =
        recorded == null ? requests : requests.tracingFiles(TracedTasks.FEW_BYTES);
    // The filter stays on its thread, which does nothing else.
    Thread.ofPlatform().daemon().name("starts").start(() -> started.complete(start(filter, spawn)));
    Thread.ofPlatform().daemon().name("traces").start(() -> trace(started, ended));
    try {
      int status = ended.get();
      if (status < 0) {
        throw PtraceScope.here()
            .obstacle()
            .map(obstacle -> NotStartedException.outOfScope("traced", obstacle))
            .orElseGet(() -> NotStartedException.untraced(status));
      }
      return status;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a program was traced", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Starts a process under a filter: its number, or −errno. */
  private static int start(SeccompFilter filter, Spawn spawn) {
    int filtered = filter.installAlone();
    return filtered < 0 ? filtered : spawn.run();
  }

  private void trace(CompletableFuture<Integer> started, CompletableFuture<Integer> ended) {
    try {
      ended.complete(trace(started.join()));
    } catch (RuntimeException | Error bug) {
      ended.completeExceptionally(bug);
    }
  }

  private int trace(int pid) {
    if (pid < 0) {
      return pid;
    }
    var ptrace = new Ptrace();
    int stopped = ptrace.awaitStop(pid);
    long seized = stopped < 0 ? stopped : ptrace.seize(pid);
    Child.kill(pid, SIGCONT);
    return seized < 0 ? Errno.EPERM.negated() : new TracedTasks(ptrace, pid, told, recorded).run();
  }
}
